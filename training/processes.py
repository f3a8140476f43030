"""Several trainings one after the other, each in a process of its own, so that a crash of one does not end the others.

`<folder>/<name>/settings.yaml` holds the settings of a training, and `result.json` its metrics once it is complete. The
run's own folder is beside them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from files.interrupts import unwinding
from files.whole import write_whole
from training.ended import has_ended

SETTINGS, RESULT, METRICS = "settings.yaml", "result.json", "metrics.json"
TAIL = 20  # last lines of stderr, in which the reason of a failure is looked for


class Order(NamedTuple):
    """A training to run: its name, which is its folder's, and every setting as YAML; `{out}` stands for the folder."""

    name: str
    settings: str


class Outcome(NamedTuple):
    """How a training ended: its metrics, or why there are none."""

    metrics: dict[str, float]
    reason: str = ""


def run_all(orders: Sequence[Order], folder: Path, command: Sequence[str]) -> Iterator[Outcome]:
    """Runs the trainings, one process each, and yields how each one ended, in their order.

    A complete training is not run again, an interrupted one is resumed, and a failed one is tried again.

    Args:
        orders: what to train.
        folder: each training gets a folder of its own under it.
        command: the command that trains once; `--config FILE` or `--resume RUN` is appended.

    Raises:
        ValueError: a training in the folder was started with other settings, or a launcher has started this process
            several times, and each copy would start all trainings.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ValueError(
            "--vary and --seeds start a process for each training; leave out the launcher (accelerate launch)"
        )
    for order in orders:
        _check(folder / order.name / SETTINGS, order.settings)
    for number, order in enumerate(orders, 1):
        print(f"[{number}/{len(orders)}] {order.name}", flush=True)
        yield _run(order, folder / order.name, command)


def _check(path: Path, settings: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") != settings:
        raise ValueError(
            f"{path}: this training was started with other settings; give another --out, or delete {path.parent}"
        )


def _run(order: Order, folder: Path, command: Sequence[str]) -> Outcome:
    result = folder / RESULT
    if result.exists():
        print(f"already complete: {result}")
        return Outcome(json.loads(result.read_text(encoding="utf-8")))
    write_whole(folder / SETTINGS, order.settings)
    begun = sorted(path.parent for path in folder.glob("*/config.yaml"))
    ended = bool(begun) and has_ended(begun[-1] / "checkpoints")  # the process was killed before it noted the result
    how = ["--resume", str(begun[-1])] if begun else ["--config", str(folder / SETTINGS)]
    code, said = (0, []) if ended else _call([*command, *how])
    metrics = sorted(folder.glob(f"*/{METRICS}"))
    if code or not metrics:
        return Outcome({}, _reason(code, said))
    text = metrics[-1].read_text(encoding="utf-8")
    write_whole(result, text)
    return Outcome(json.loads(text))


def _call(words: Sequence[str]) -> tuple[int, list[str]]:
    """Exit code of a process and the last lines of its stderr, which is passed on as it comes, bars included."""
    tail: deque[bytes] = deque(maxlen=TAIL)
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_RUN_ID"}  # it is one run's id
    with unwinding(), subprocess.Popen(words, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr is not None
        try:
            _pass_on(process.stderr, tail)
        except KeyboardInterrupt:  # which the training has got, too
            _pass_on(process.stderr, tail)
            process.wait()
            raise
    return process.returncode, [line.decode(errors="replace").strip() for line in tail if line.strip()]


def _pass_on(stream: IO[bytes], tail: deque[bytes]) -> None:
    rest = b""
    while part := os.read(stream.fileno(), 1 << 16):
        sys.stderr.write(part.decode(errors="replace"))
        sys.stderr.flush()
        *lines, rest = (rest + part).replace(b"\r", b"\n").split(b"\n")
        tail.extend(line for line in lines if line.strip())
    tail.append(rest)


def _reason(code: int, said: Sequence[str]) -> str:
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    ending = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return (errors or [ending, *said[-1:]])[-1] if errors or code >= 0 else ending
