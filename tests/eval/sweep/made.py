"""Sweeps whose answers are known, without a server."""

import math
import random

from eval.sweep.record import SweepRecord, SweepRun

BACKBONES = {"efficientnet_lite0": (0.3, 40.0, 20.0), "resnet18": (0.2, 60.0, 57.0), "mobilenetv3": (0.1, 12.0, 6.0)}
PARAMETERS = ("backbone", "lr", "crp", "batch_size")


def sweep_of(*runs, maximise=True, parameters=PARAMETERS):
    return SweepRecord("local/roads/abc", "http://server/abc", "bayes", "score", maximise, parameters, tuple(runs))


def run_of(number, score=None, state="finished", reason="", costs=None, **settings):
    metrics = {} if score is None else {"score": score, "epoch": 9.0 if state == "finished" else 3.0}
    return SweepRun(f"r{number}", f"run-{number}", state, {"epochs": 9, **settings}, metrics | (costs or {}), reason)


def drawn_sweep(count, seed=0, effect=1.0):
    """Backbone and lr decide the score, times `effect`; crp and batch_size do not. Some runs are stopped, some fail."""
    draw, runs = random.Random(seed), []
    for number in range(count):
        backbone, lr = draw.choice(list(BACKBONES)), 10 ** draw.uniform(-4, -2)
        base, latency, size = BACKBONES[backbone]
        score = 0.3 + effect * (base + 0.1 * (math.log10(lr) + 3)) + draw.gauss(0, 0.01)
        state = draw.choices(["finished", "killed", "failed"], [8, 2, 1])[0]
        costs = {"model/latency_ms": latency + draw.random(), "model/mb": size} if state == "finished" else {}
        settings = {"backbone": backbone, "lr": lr, "crp": draw.random() < 0.5, "batch_size": draw.choice([4, 8, 16])}
        failed = state == "failed"
        reason = "TrainingDiverged: the loss is not finite" if failed else ""
        runs.append(run_of(number, None if failed else score, state, reason, costs, **settings))
    return sweep_of(*runs)
