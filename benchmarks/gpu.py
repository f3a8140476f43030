"""Checks a GPU: how fast the network, its training and its evaluation are, and what the training reaches.

    python -m benchmarks.gpu --data CAMVID --out DIR [--minutes 4] [--device cuda|cpu] [--steps rates,loop] [SETTINGS]

It ends by itself, within four minutes beyond those of the training. Each step prints a line when it is done, and
DIR/gpu.json and DIR/gpu.md then hold it. A step that fails, or has no time left, is a line too, and the next one runs.
Steps: environment; rates (bare training steps of ours, smp.Unet and fastai's DynamicUnet); loop (the loop of a
training beside the bare step); training (train.py); evaluation (python -m eval on the test split).

SETTINGS are flags of train.py, such as --backbone resnet34 --weights none. Nothing but an empty folder of torch in
TMPDIR is written outside of DIR, and no network is used. On the CPU it takes the preset cpu; --batch_size and
--resize_factor make it smaller.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from files.interrupts import end_at_once, run_program

if __name__ == "__main__":
    end_at_once()  # before the other imports

from benchmarks.gpu_check import ROWS, Check, Tell, environment, private
from benchmarks.gpu_report import Outcome, write
from benchmarks.gpu_steps import evaluation, loop, rates, training
from configs import TrainConfig, parse_command_line
from flags import FlagParser, above, drop_empty_variables

BEYOND = 230.0  # seconds that all takes beyond the training's own minutes


class Share(NamedTuple):
    """A step's share of the time: its seconds, and the least with which it is begun."""

    run: Callable[[Check, float, Tell], None]
    seconds: float
    least: float


def shares(minutes: float) -> dict[str, Share]:
    """The steps; their seconds are all that there are. What a step leaves over is added to the next one."""
    trained = 60 * minutes
    return {
        "environment": Share(environment, 15, -math.inf),
        "rates": Share(rates, 60, 10),
        "loop": Share(loop, 35, 10),
        "training": Share(training, trained + 75, trained + 20),
        "evaluation": Share(evaluation, 45, 5),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 if a step has failed or was skipped; 2 with one line for an error that the user can fix."""
    started = time.perf_counter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # which ends what it has started
    options, settings = _parser().parse_known_args(arguments)
    print("checking the settings and the data", flush=True)
    try:
        check, about = prepare(options, settings)
    except (ValueError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return 2
    outcomes = run(check, about, options, started)
    print(f"written to {check.out / 'gpu.md'} and gpu.json", flush=True)
    return int(any(outcome.error for outcome in outcomes))


def _parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = FlagParser("python -m benchmarks.gpu", description=__doc__, formatter_class=layout, allow_abbrev=False)
    add = parser.add_argument
    add("--data", type=Path, metavar="CAMVID", required=True, help="folder of the data set")
    add("--out", type=Path, metavar="DIR", required=True, help="folder for all that is written")
    add("--minutes", type=above(0, 600), default=4.0, help="minutes of the training, default 4")
    add("--device", choices=["cuda", "cpu"], default="cuda", help="default: cuda")
    add("--config", help="preset; default: gpu, or cpu with --device cpu")
    add(
        "--steps",
        type=_steps,
        default=_steps("all"),
        help=f"of {', '.join(shares(1))}; or bare steps: {', '.join(ROWS)}",
    )
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _steps(text: str) -> list[str]:
    names = list(shares(1)) if text == "all" else text.split(",")
    unknown = [name for name in names if name not in (*shares(1), *ROWS)]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no step; choose from {', '.join((*shares(1), *ROWS))}")
    return names


def prepare(options: argparse.Namespace, settings: Sequence[str]) -> tuple[Check, dict[str, Any]]:
    """What is checked, and what the files say about it.

    Raises:
        ValueError, OSError: the settings, the data or the device cannot be used.
    """
    out, data, begun = options.out.absolute(), options.data.absolute(), datetime.now()
    drop_empty_variables()
    os.environ.update(private(out))
    if (out / "gpu.json").exists():
        raise ValueError(f"{out}: holds an earlier check; take another --out, or delete it")
    own = {"--data": data, "--device": options.device, "--max_minutes": options.minutes, "--out": out / "training"}
    words = ["--config", options.config or {"cuda": "gpu"}.get(options.device, "cpu"), *settings]
    words += [str(word) for pair in own.items() for word in pair]
    require_device(options.device)
    config, size, classes = _checked(words)
    rows = [row for row in ROWS if "rates" in options.steps or row in options.steps]
    about: dict[str, Any] = {
        "begun": f"{begun:%Y-%m-%d %H:%M:%S}",
        "training": shlex.join(["python", "train.py", *words]),
    }
    about |= {"image": f"{size[0]}x{size[1]}", "batch": config.batch_size, "steps asked for": ", ".join(options.steps)}
    title = f"A check of {'a GPU' if options.device == 'cuda' else 'the CPU'}"
    check = Check(config, words, out, out / "training" / f"gpu-{begun:%Y%m%d-%H%M%S}", rows, size, classes)
    return check, {"title": title, "of": about}


def _checked(words: Sequence[str]) -> tuple[TrainConfig, tuple[int, int], int]:
    """The settings of these words, height and width of a training image, and the number of classes."""
    from commands.preflight import check_settings
    from commands.training_data import open_training
    from files.pictures import scaled_size

    config, options = parse_command_line(words)
    if options.cells or options.resume:
        raise ValueError("--vary, --seeds and --resume: this checks one training; leave them out")
    check_settings([config])
    dataset = open_training(config, Path(config.data))
    return config, scaled_size(dataset.frame_size("train"), config.resize_factor), dataset.taxonomy.num_classes


def require_device(device: str) -> None:
    """Raise OSError if it is cuda and there is none."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise OSError("--device cuda: this machine shows no CUDA device; --device cpu checks the same on the CPU")


def run(check: Check, about: dict[str, Any], options: argparse.Namespace, started: float) -> list[Outcome]:
    """The steps, one after the other."""
    outcomes: list[Outcome] = []
    plan = {name: share for name, share in shares(options.minutes).items() if name in _chosen(options.steps)}
    end = started + BEYOND + 60 * options.minutes
    write(check.out, about, outcomes)

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        write(check.out, about, outcomes)  # before the line, which may be the last thing that is seen
        result = outcome.says or f"FAILED: {outcome.error}"
        print(f"[{time.perf_counter() - started:4.0f} s] {outcome.step}: {outcome.what}: {result}", flush=True)

    for number, (name, share) in enumerate(plan.items()):
        later = sum(other.seconds for other in [*plan.values()][number + 1 :])
        _step(check, name, share, end - time.perf_counter() - later, tell)
    return outcomes


def _chosen(steps: Sequence[str]) -> set[str]:
    return {"rates" if step in ROWS else step for step in steps}


def _step(check: Check, name: str, share: Share, limit: float, tell: Tell) -> None:
    if limit < share.least:
        tell(Outcome(name, "all", error=f"skipped: it needs {share.least:.0f} s, and {max(limit, 0):.0f} s are left"))
        return
    try:
        share.run(check, limit, tell)
    except Exception as error:  # noqa: BLE001  (the next step runs whatever has happened)
        tell(Outcome(name, "all", error=f"{type(error).__name__}: {error}".splitlines()[0]))


if __name__ == "__main__":
    run_program(main)
