"""Settings from a preset file and from the command line, which is also how `wandb agent` passes them."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from configs.config import TrainConfig
from configs.grid import Cell, grid
from configs.schema import default_of, describe_field
from configs.stray import refuse
from configs.swept import BestSettings, Swept
from configs.values import MAPPINGS, CommonMistake, ConfigError
from files.yamls import load_yaml
from flags import FlagParser, require_own


def read_yaml(path: Path) -> dict[str, Any]:
    """The settings of a preset.

    Raises:
        CommonMistake: the file is missing.
        ConfigError: it is not YAML, or is not a mapping.
    """
    if not path.is_file():
        presets = ", ".join(path.stem for path in preset_files())
        raise CommonMistake(f"--config {path}: no such file; the presets in configs/ are {presets}")
    try:
        values = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not valid YAML: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected `key: value` lines, got {type(values).__name__}")
    return values


def preset_path(name: str) -> Path:
    """Where the preset of this name lies, e.g. cpu -> configs/cpu.yaml."""
    return Path(__file__).parent / f"{name}.yaml"


def preset_files() -> list[Path]:
    """The presets in this folder, without the sweeps, which are in this folder too."""
    return sorted(path for path in Path(__file__).parent.glob("*.yaml") if not path.stem.startswith("sweep"))


def parse_command_line(
    arguments: Sequence[str] | None = None, best_settings: BestSettings | None = None
) -> tuple[TrainConfig, argparse.Namespace]:
    """Defaults < best run of a sweep < preset < flags.

    Args:
        arguments: words of the command line; None takes those of the process.
        best_settings: reads the best run of `--from_sweep`.

    Returns:
        The settings, and the flags that are not settings: `resume` (a run folder or None), `debug`, `config`, and
        `cells`, the trainings that `--vary` and `--seeds` ask for (an empty list without them).

    Raises:
        ConfigError: naming the key, the value and what is allowed.
    """
    require_own("files", "camvid", "models", "losses", "training", "eval", "artifacts")
    words = sys.argv[1:] if arguments is None else arguments
    options, stray = _parser().parse_known_args(words)
    if stray:
        refuse(stray[0], words)
    flags = {key: plain(key, text) for key, text in vars(options).items() if key in _names() and text is not None}
    points = grid(options.vary, options.seeds, plain)
    if options.resume:
        if points or options.config or "from_sweep" in flags:
            others = "--config, --vary, --seeds and --from_sweep"
            raise ConfigError(f"--resume continues one run with its own settings; leave out {others}")
        base = _settings_of(Path(options.resume))
    else:
        base = read_yaml(find_preset(options.config)) if options.config else {}
    TrainConfig.from_dict(base, source=str(options.config or options.resume or "defaults"))
    swept = Swept(best_settings)
    pinned = [{**base, **flags, **point} for point in points or [{}]]
    below = [{} if options.resume else swept.below(own) for own in pinned]
    configs = [TrainConfig.from_dict(low | own, source="command line") for low, own in zip(below, pinned, strict=True)]
    options.cells = [Cell(point, config) for point, config in zip(points, configs, strict=False)]
    return configs[0], options


def _settings_of(run: Path) -> dict[str, Any]:
    path = run / "config.yaml"
    if not path.is_file():
        absent = "no such folder; give the folder of a run"
        empty = "there is no config.yaml, so the run never started; start it without --resume"
        raise ConfigError(f"--resume {run}: {empty if run.is_dir() else absent}")
    return read_yaml(path)


def _names() -> list[str]:
    return [field.name for field in dataclasses.fields(TrainConfig)]


def find_preset(text: str) -> Path:
    """The file that `--config` names: an existing path, or else a preset of this folder, as cpu or configs/cpu.yaml."""
    path = Path(text)
    if path.exists() or path.parent not in (Path(), Path("configs")):
        return path
    preset = preset_path(path.name.removesuffix(".yaml"))
    return preset if preset.is_file() else path


def plain(key: str, text: str) -> Any:
    """A flag's text as YAML reads it, so that `--loss '{dice: 1.0}'`, `--crp true` and `--tags '[a, b]'` work."""
    default = default_of(key)
    if (isinstance(default, str) and key not in MAPPINGS) or (isinstance(default, tuple) and not text.startswith("[")):
        return text
    try:
        value = load_yaml(text)
    except yaml.YAMLError:
        return text
    return text if value is None else value


class _Parser(FlagParser):
    def error(self, message: str) -> Any:
        raise ConfigError(f"command line: {message}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="train.py", description="Train, evaluate and track one model.", allow_abbrev=False)
    parser.add_argument("--config", metavar="FILE", help="preset, e.g. configs/cpu.yaml")
    parser.add_argument("--resume", metavar="RUN", help="folder of a run that was killed; continues that run")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument(
        "--vary",
        metavar="KEY=A,B",
        action="append",
        default=[],
        help="train once for each value, and compare the results",
    )
    parser.add_argument("--seeds", metavar="A,B", default="", help="train once for each seed, and print mean and range")
    for name in _names():
        shown = f"{describe_field(name)} (default: {default_of(name)!r})".replace("%", "%%")
        bare = {"nargs": "?", "const": "true"} if isinstance(default_of(name), bool) else {}  # --mirror means true
        parser.add_argument(f"--{name}", metavar="VALUE", help=shown, **bare)  # type: ignore[arg-type]
    return parser
