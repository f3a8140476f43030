"""Sentences about a sweep that follow from its figures, or that say what the figures do not show."""

from __future__ import annotations

from statistics import mean, median

from eval.sweep.importance import Importance, Importances
from eval.sweep.record import SweepRecord, text_of
from eval.sweep.tables import LATENCY, SIZE, front_table

ENOUGH = 10  # runs with a score; with fewer, no sentence says what mattered
STRAIGHT = 0.3  # least absolute correlation for which a direction is named
UNITS = {LATENCY: "ms per image", SIZE: "MB"}


def conclusions(sweep: SweepRecord, found: Importances) -> list[str]:
    """The sentences; each follows from figures in the report."""
    sentences = [_counts(sweep)]
    if sweep.ranked():
        sentences += [_best(sweep), *_parameters(sweep, found), *_backbones(sweep)]
        sentences += [sentence for cost in (LATENCY, SIZE) for sentence in _front(sweep, cost)]
    return [*sentences, *_stopped(sweep)]


def _counts(sweep: SweepRecord) -> str:
    states = [run.state for run in sweep.runs]
    words = {"finished": "finished", "killed": "stopped early", "failed": "failed", "crashed": "crashed"}
    parts = [f"{states.count(state)} {word}" for state, word in words.items() if state in states]
    rest = len(states) - sum(states.count(state) for state in words)
    parts += [f"{rest} not yet ended"] if rest else []
    return f"{len(states)} runs: {', '.join(parts) or 'none'}."


def _best(sweep: SweepRecord) -> str:
    ranked = sweep.ranked()
    scores = [sweep.score(run) for run in ranked]
    text = f"The best run, {ranked[0].name}, reached {sweep.metric} {scores[0]:.3f}"
    if len(scores) == 1:
        return f"{text}; it is the only finished run with a score."
    return f"{text}; the second best has {scores[1]:.3f}, and the median of the finished runs is {median(scores):.3f}."


def _parameters(sweep: SweepRecord, found: Importances) -> list[str]:
    if found.runs < ENOUGH:
        hints = "; the importances below are only hints" if found.rows else ""
        needed = f"{ENOUGH} runs with a score are needed to conclude which parameter mattered"
        text = f"{needed}, and this sweep has {found.runs}"
        return [f"{text}{hints}."]
    if not found.rows:
        return ["All scores or all settings are the same, so nothing can be said about the parameters."]
    standing = [row for row in found.rows if row.stands_out]
    if not standing:
        return [
            f"No parameter has an effect that can be distinguished from chance: a model of the other runs explains "
            f"{found.explained:.2f} of the variance of {found.runs} runs (R²; 0 is no better than their mean). More "
            "runs are needed."
        ]
    explained = f"A model of the other runs explains {found.explained:.2f} of the variance of {found.runs} runs (R²)."
    quiet = [row.parameter for row in found.rows if not row.stands_out]
    rest = [f"Not distinguishable from chance: {', '.join(quiet)}."] if quiet else []
    return [explained, *(_effect(sweep, row) for row in standing), *rest]


def _effect(sweep: SweepRecord, row: Importance) -> str:
    text = f"{row.parameter} mattered (importance {row.value:.0%})"
    if row.correlation is None:
        return f"{text}: {_means(sweep, row.parameter)}."
    if isinstance(sweep.ranked()[0].settings.get(row.parameter), bool):
        return f"{text}: {_means(sweep, row.parameter)} (correlation {row.correlation:+.2f})."
    if abs(row.correlation) < STRAIGHT:
        third = sweep.ranked()[: max(1, len(sweep.ranked()) // 3)]
        values = sorted(float(run.settings[row.parameter]) for run in third if row.parameter in run.settings)
        between = f"{text_of(values[0])} to {text_of(values[-1])}"
        straight = f"but not in one direction (correlation {row.correlation:+.2f})"
        return f"{text}, {straight}: the best third of the runs has {between}."
    direction = "larger" if (row.correlation > 0) == sweep.maximise else "smaller"
    return f"{text}: {direction} values did better (correlation {row.correlation:+.2f})."


def _means(sweep: SweepRecord, parameter: str) -> str:
    """Mean score of the best and of the worst value of a choice."""
    scores: dict[str, list[float]] = {}
    for run in sweep.judged():
        scores.setdefault(text_of(run.settings.get(parameter)), []).append(sweep.score(run))
    order = sorted(scores, key=lambda value: mean(scores[value]), reverse=sweep.maximise)
    first, last = (f"{value} {mean(scores[value]):.3f} (n={len(scores[value])})" for value in (order[0], order[-1]))
    return f"on average {first} was the best and {last} the worst"


def _backbones(sweep: SweepRecord) -> list[str]:
    names = dict.fromkeys(str(run.settings.get("backbone")) for run in sweep.ranked())
    best = {name: (sweep.score(runs[0]), len(runs)) for name in names if (runs := sweep.ranked(name))}
    if len(best) < 2:
        return []
    (first, (high, many)), (second, (low, others)), *_ = best.items()
    uneven = " The best of more runs is higher by chance." if many > others else ""
    return [
        f"Of {len(best)} backbones, {first} did best ({high:.3f}, the best of {_runs(many)}). The next is {second}, "
        f"{abs(high - low):.3f} behind (the best of {_runs(others)}).{uneven}"
    ]


def _runs(count: int) -> str:
    return f"{count} run{'s' if count != 1 else ''}"


def _front(sweep: SweepRecord, cost: str) -> list[str]:
    front = front_table(sweep, cost)
    if len(front) < 2:
        return []
    first, last = front.iloc[0], front.iloc[-1]
    unit = UNITS[cost]
    return [
        f"For {len(front)} runs, no other run is better in both {sweep.metric} and {unit}: from {first['backbone']} "
        f"with {first[sweep.metric]:.3f} at {first[cost]:.1f} to {last['backbone']} with {last[sweep.metric]:.3f} at "
        f"{last[cost]:.1f}."
    ]


def _stopped(sweep: SweepRecord) -> list[str]:
    runs = [run for run in sweep.runs if run.state == "killed"]
    planned = sum(float(run.settings.get("epochs") or 0) for run in runs)
    reached = sum(run.metrics.get("epoch", 0.0) for run in runs)
    if not runs or not planned:
        return []
    return [f"{len(runs)} runs were stopped early, after {reached:.0f} of their {planned:.0f} planned epochs in total."]
