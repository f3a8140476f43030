"""Settings from a preset file and from the command line, which is also how `wandb agent` passes them."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from configs.config import ConfigError, TrainConfig, default_of, describe_field, preset_path


def read_yaml(path: Path) -> dict[str, Any]:
    """The settings of a preset.

    Raises:
        ConfigError: the file is missing, is not YAML, or is not a mapping.
    """
    if not path.is_file():
        presets = ", ".join(sorted(p.stem for p in Path(__file__).parent.glob("*.yaml")))
        raise ConfigError(f"--config {path}: there is no such file; presets in configs/ are {presets}")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected `key: value` lines, got {type(values).__name__}")
    return values


def parse_command_line(arguments: Sequence[str] | None = None) -> tuple[TrainConfig, argparse.Namespace]:
    """Defaults < preset < flags.

    Args:
        arguments: words of the command line; those of the process when None.

    Returns:
        The settings, and what is not a setting: `resume` (a run folder or None), `debug` and `config`.

    Raises:
        ConfigError: naming the key, the value and what is allowed.
    """
    options = _parser().parse_args(arguments)
    flags = {key: _plain(key, text) for key, text in vars(options).items() if key in _names() and text is not None}
    if options.resume:
        base = read_yaml(Path(options.resume) / "config.yaml")
    else:
        base = read_yaml(_resolve(options.config)) if options.config else {}
    TrainConfig.from_dict(base, source=str(options.config or options.resume or "defaults"))
    config = TrainConfig.from_dict({**base, **flags}, source="command line")
    return config, argparse.Namespace(resume=options.resume, debug=options.debug, config=options.config)


def _names() -> list[str]:
    return [field.name for field in dataclasses.fields(TrainConfig)]


def _resolve(config: str) -> Path:
    path = Path(config)
    return preset_path(config) if not path.exists() and preset_path(config).is_file() else path


def _plain(key: str, text: str) -> Any:
    """A flag's text as YAML reads it, so that `--loss '{dice: 1.0}'`, `--crp true` and `--tags '[a, b]'` work."""
    if isinstance(default_of(key), str) and key != "loss":
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return text if value is None else value


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            key = unknown.split()[0].lstrip("-").split("=")[0]
            TrainConfig.from_dict({key: None}, source="command line")
        raise ConfigError(f"command line: {message}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="train.py", description="Train, evaluate and track one model.", allow_abbrev=False)
    parser.add_argument("--config", metavar="FILE", help="preset, e.g. configs/cpu.yaml")
    parser.add_argument("--resume", metavar="RUN", help="run folder to continue after a kill")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    for name in _names():
        shown = f"{describe_field(name)} (default: {default_of(name)!r})".replace("%", "%%")
        parser.add_argument(f"--{name}", metavar="VALUE", help=shown)
    return parser
