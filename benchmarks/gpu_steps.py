"""The steps of `benchmarks.gpu` that run programs. Each is given its seconds, and tells what came of it."""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from itertools import pairwise
from typing import Any

from benchmarks.gpu_check import Check, Tell, python
from benchmarks.gpu_report import Outcome
from benchmarks.programs import ROOT, Ended, run_limited
from configs import TrainConfig
from files.headlines import MIOU, PRIORITY_DICE
from files.jsons import read_json
from files.whole import write_whole

STARTING = 8.0  # seconds until a process has imported what it needs
EPOCHS = 8  # of the loop
STEP = re.compile(r"^training.*\| (\d+)/\d+ \[")  # the bar of a training
EVERY_STEP = {"TQDM_MININTERVAL": "0", "TQDM_MINITERS": "1"}  # the bar is drawn at each step, and shows when it ended
FIRST, ADDRESS, EXIT = "start to first step", "last step to last printed line", "last step to exit"


def rates(check: Check, limit: float, tell: Tell) -> None:
    """The bare steps. One process times them in turn; if one fails, another process goes on with those after it."""
    end = time.perf_counter() + limit
    write_whole(check.out / "settings.yaml", check.config.to_yaml())
    waiting = [row for row in check.rows if check.config.device == "cuda" or not row.endswith("-captured")]
    for row in [row for row in check.rows if row not in waiting]:
        tell(Outcome("rates", check.title(row), "no CUDA"))
    while waiting and end - time.perf_counter() > STARTING:
        _time_rows(check, end - time.perf_counter(), tell, waiting)
    for row in waiting:
        tell(Outcome("rates", check.title(row), error="skipped: no time was left for it"))


def _time_rows(check: Check, limit: float, tell: Tell, waiting: list[str]) -> None:
    """One process, until it ends; takes from `waiting` the rows that are done, and the one that has failed."""
    begun = time.perf_counter()

    def hear(text: str) -> None:
        nonlocal begun
        if text.startswith('{"row"'):
            figures, now = json.loads(text), time.perf_counter()
            waiting.remove(row := figures.pop("row"))
            tell(_rate(check, row, now - begun, figures))
            begun = now

    words = [check.out / "settings.yaml", *check.size, check.classes, *waiting]
    ended = run_limited(python("benchmarks.gpu_rates", *words), check.log("rates"), limit, hear)
    if waiting:
        why = ended.fault or "the process ended early"
        tell(Outcome("rates", check.title(waiting.pop(0)), seconds=time.perf_counter() - begun, error=why))


def _rate(check: Check, row: str, seconds: float, figures: dict[str, Any]) -> Outcome:
    rate = check.rates[row] = figures["images_per_second"]
    says = f"{rate:.4g} images/s, {figures['milliseconds']:.4g} ms a step"
    if row in ("smp", "fastai") and "resnet50" in check.rates:
        figures["ratio"] = check.rates["resnet50"] / rate
        says += f"; ours, eager, is {figures['ratio']:.3g} times as fast"
    return Outcome("rates", check.title(row), says, seconds, figures)


def loop(check: Check, limit: float, tell: Tell) -> None:
    """The loop of a training, of the settings' network and of a UNet with ResNet50: of those that have a bare step."""
    other = {"architecture": "unet", "backbone": "resnet50", "weights": "none"}
    networks = {"ours": check.config, "resnet50": _changed(check.config, other)}
    chosen, end = [name for name in networks if name in check.rows] or [*networks], time.perf_counter() + limit
    for number, name in enumerate(chosen):
        _loop(check, name, networks[name], (end - time.perf_counter()) / (len(chosen) - number), tell)


def _loop(check: Check, name: str, config: TrainConfig, limit: float, tell: Tell) -> None:
    what, folder = f"{config.architecture} {config.backbone}", check.out / "loop"
    settings: dict[str, Any] = {"epochs": EPOCHS, "max_minutes": limit / 3 / 60, "out": str(folder / name)}
    settings |= {"eval_every": EPOCHS, "evaluations": 0, "patience": 0}
    write_whole(folder / f"{name}.yaml", _changed(config, settings).to_yaml())
    ended = run_limited(python("benchmarks.gpu_loop", folder / f"{name}.yaml"), check.log("loop"), limit)
    by_epoch = [json.loads(line.text)["epoch"] for line in ended.lines if line.text.startswith('{"epoch"')]
    if not by_epoch or (ended.code and not ended.stopped):
        tell(Outcome("loop", what, seconds=ended.seconds, error=ended.fault or "no epoch has ended"))
        return
    rate = statistics.median(by_epoch[1:] or by_epoch)  # in the first one all warms up
    bare = [check.rates[row] for row in (name, f"{name}-captured") if row in check.rates]
    share = rate / max(bare) if bare else None
    says = f"{rate:.4g} images/s, the median; by epoch {', '.join(f'{each:.0f}' for each in by_epoch)}"
    says += f"; {share:.2f} of the best bare step" if share else ""
    says += "".join(
        f"; {line.text}" for line in ended.lines if line.text.startswith("cuda_graph:")
    )  # why there is none
    figures = {"images_per_second": rate, "of_bare": share, "by_epoch": by_epoch}
    tell(Outcome("loop", what, says, ended.seconds, figures))


def _changed(config: TrainConfig, settings: dict[str, Any]) -> TrainConfig:
    return TrainConfig.from_dict(config.to_dict() | settings)


def training(check: Check, limit: float, tell: Tell) -> None:
    """train.py, until it has ended."""
    what, words = f"train.py, {check.config.max_minutes:g} min", [sys.executable, str(ROOT / "train.py"), *check.words]
    variables = {**EVERY_STEP, "WANDB_RUN_ID": check.run.name}
    ended = run_limited(words, check.log("training"), limit, variables=variables)
    times = overheads(ended)
    if ended.fault:
        why = f"{ended.fault}; first step after {_s(times[FIRST])}, then {_last_epoch(ended)}"
        tell(Outcome("training", what, seconds=ended.seconds, error=why))
        return
    metrics = read_json(check.run / "metrics.json")
    says = f"first step after {_s(times[FIRST])}, exit {_s(times[EXIT])} after the last step; val {_scores(metrics)}"
    history = read_json(check.run / "checkpoints" / "history.json")
    rates = [row["throughput"] for row in history if "throughput" in row]
    figures: dict[str, Any] = {"epochs": len(history), "minutes": metrics["train/minutes"]}
    figures |= {"images_per_second": statistics.median(rates) if rates else None, "peak_mb": metrics["train/peak_mb"]}
    figures |= {"seconds": {"in all": ended.seconds, **times}, "scores": _classes(metrics)}
    tell(Outcome("training", what, says, ended.seconds, figures))


def overheads(ended: Ended) -> dict[str, float | None]:
    """Seconds from the start of a training to the end of its first step, and from its last step to the end."""
    steps = [(line.seconds, int(found[1])) for line in ended.lines if (found := STEP.search(line.text))]
    taken = [seconds for (_, before), (seconds, now) in pairwise(steps) if now > before]
    if not taken:
        return {FIRST: None, ADDRESS: None, EXIT: None}
    return {FIRST: taken[0], ADDRESS: ended.lines[-1].seconds - taken[-1], EXIT: ended.seconds - taken[-1]}


def _last_epoch(ended: Ended) -> str:
    return next((line.text for line in reversed(ended.lines) if line.text.startswith("epoch ")), "no epoch")


def evaluation(check: Check, limit: float, tell: Tell) -> None:
    """`python -m eval` on the test split, with the model of the training."""
    what, folder = "python -m eval --split test", check.out / "test"
    if not (check.run / "model.safetensors").is_file():
        tell(Outcome("evaluation", what, error="skipped: the training has left no model"))
        return
    device = ("--split", "test", "--device", check.config.device)
    words = python("eval", check.run, "--data", check.config.data, *device, "--out", folder)
    ended = run_limited(words, check.log("evaluation"), limit)
    if ended.fault:
        tell(Outcome("evaluation", what, seconds=ended.seconds, error=ended.fault))
        return
    metrics = read_json(folder / "metrics.json")
    frames = next((line.text for line in ended.lines if " frames, predicted at" in line.text), "")
    says = f"{_s(ended.seconds)}, imports included, for {frames}; test {_scores(metrics)}"
    figures = {"seconds": {"in all": ended.seconds}, "scores": _classes(metrics)}
    tell(Outcome("evaluation", what, says, ended.seconds, figures))


def _classes(metrics: dict[str, Any]) -> dict[str, float | None]:
    iou = {f"IoU of {key[4:]}": value for key, value in metrics.items() if key.startswith("iou/")}
    return {headline.label: metrics.get(headline.key) for headline in (MIOU, PRIORITY_DICE)} | iou


def _scores(metrics: dict[str, Any]) -> str:
    known = [(label, value) for label, value in list(_classes(metrics).items())[:2] if value is not None]
    return ", ".join(f"{label} {value:.3f}" for label, value in known)


def _s(seconds: float | None) -> str:
    return "an unknown time" if seconds is None else f"{seconds:.1f} s"
