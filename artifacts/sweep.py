"""Read a sweep through the client's public API, from W&B's cloud or from a local server."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import wandb

from artifacts.errors import CLIENT_ERRORS
from artifacts.run import tracking_mode
from eval.sweep.record import SweepRecord, SweepRun

FORM = "give ENTITY/PROJECT/ID, as `wandb sweep` printed it"


class SweepError(ValueError):
    """A sweep that cannot be read; the message names it."""


def read_sweep(path: str) -> SweepRecord:
    """A sweep with all its runs.

    Args:
        path: entity/project/id; entity and project default to the client's settings.

    Raises:
        SweepError: the client is offline, there is no such sweep, or the sweep has no metric.
    """
    _check_form(path)
    if tracking_mode() == "offline":
        raise SweepError(f"sweep {path!r} cannot be read offline; log in (`wandb login`) or set WANDB_BASE_URL")
    with _naming(path):
        api = wandb.Api()
        sweep = api.sweep(path)  # type: ignore[no-untyped-call]
        config: Mapping[str, Any] = sweep.config
        place = f"{sweep.entity}/{sweep.project}"
        found = api.runs(place, filters={"sweep": sweep.id}, order="+created_at", per_page=100, lazy=False)
        runs = tuple(_run(run) for run in found)
    metric = config.get("metric") or {}
    if "name" not in metric:
        raise SweepError(f"sweep {path!r} has no metric, so its runs cannot be compared")
    return SweepRecord(
        path=f"{place}/{sweep.id}",
        url=str(sweep.url),
        method=str(config["method"]),
        metric=str(metric["name"]),
        maximise=metric.get("goal", "minimize") == "maximize",
        parameters=tuple(name for name, spec in config["parameters"].items() if _varies(spec)),
        runs=runs,
    )


def best_settings(path: str, backbone: str | None) -> tuple[str, dict[str, Any]]:
    """The best finished run of a sweep, or of one backbone in it: a text that names it, and the settings it varied.

    The run's `monitor` is included, so that the metric of the sweep also chooses the best checkpoint.

    Raises:
        SweepError: as `read_sweep`, or no such run.
    """
    sweep = read_sweep(path)
    try:
        run = sweep.best(backbone)
    except ValueError as error:
        raise SweepError(str(error)) from error
    kept = {"monitor": run.settings["monitor"]} if "monitor" in run.settings else {}
    return f"sweep {sweep.path}, run {run.name} ({sweep.metric} {sweep.score(run):.4f})", kept | sweep.varied(run)


def _check_form(path: str) -> None:
    """Check the form of the path first: the server may report another error, for example a missing key."""
    parts = path.split("/")
    if not all(parts) or len(parts) > 3:
        raise SweepError(f"sweep {path!r}: no such sweep; {FORM}")
    if len(parts) == 1 and not wandb.setup().settings.project:
        raise SweepError(f"sweep {path!r}: the project is missing; {FORM}")


def _run(run: Any) -> SweepRun:
    summary = dict(run.summary.items())
    numbers = {key: float(value) for key, value in summary.items() if isinstance(value, int | float)}
    return SweepRun(
        id=run.id,
        name=run.name,
        state=run.state,
        settings={key: value for key, value in run.config.items() if not key.startswith("_")},
        metrics={key: value for key, value in numbers.items() if math.isfinite(value)},
        reason=str(summary.get("error", "")),
    )


def _varies(spec: Mapping[str, Any]) -> bool:
    """Whether a sweep's parameter can take more than one value."""
    return "value" not in spec and len(spec.get("values", [0, 1])) > 1


@contextmanager
def _naming(path: str) -> Iterator[None]:
    try:
        yield
    except (*CLIENT_ERRORS, ValueError) as error:
        raise SweepError(f"sweep {path!r} cannot be read: {error}; {FORM}") from error
