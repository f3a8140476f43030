"""Reasons against a promotion, in words: from the changes of the figures, and from the floors below them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import wandb

from eval.noninferiority import ABSENT, AS_GOOD, LATENCY, OPEN, WORSE, Change
from files.headlines import MIOU

Changes = Mapping[str, Sequence[Change]]  # by the version that the candidate is compared with


class Floors(NamedTuple):
    """The lowest allowed scores of a model, in [0, 1], whatever it is compared with."""

    miou: float
    classes: float  # Dice of each priority class


class Reasons(NamedTuple):
    """Reasons against a promotion: figures that are worse or too low, and figures with not enough data."""

    refusals: list[str]
    open: list[str]


def reasons(changes_from: Changes, priority: Collection[str], *, strict: bool = False) -> Reasons:
    """Why a candidate may not be promoted.

    Args:
        changes_from: the changes from each reference model to the candidate.
        priority: names of the priority classes.
        strict: also refuse a figure that fell by less than the margin, if chance is ruled out.
    """
    found = Reasons([], [])
    for name, changes in changes_from.items():
        after = f", compared with {name}" if len(changes_from) > 1 else ""
        judged = [change for change in changes if change.key.partition("/")[2] in priority]
        if judged and all(change.answer == ABSENT for change in judged):
            found.refusals.append("the data has no priority class, so nothing could be judged")
        for change in changes:
            if change.answer == WORSE or (strict and _surely_fell(change)):
                found.refusals.append(_fall(change) + after)
            elif change.answer == OPEN:
                found.open.append(f"{_fall(change)}{after}: {_frames(change)}")
    return Reasons(list(dict.fromkeys(found.refusals)), found.open)


def below(floors: Floors, scores: Mapping[str, float | str | None], priority: Iterable[str]) -> list[str]:
    """The scores below their floor; a missing or undefined score is not below.

    Args:
        floors: the floors.
        scores: ``miou`` and ``dice/<class>``.
        priority: names of the priority classes.
    """
    limits = {MIOU.key: floors.miou} | {f"dice/{name}": floors.classes for name in priority}
    known = {key: score for key in limits if isinstance(score := scores.get(key), int | float)}
    return [
        f"{key} is {score:.3f}, below the floor of {limits[key]:g}"
        for key, score in known.items()
        if score < limits[key]
    ]


def change_rows(changes_from: Changes) -> wandb.Table:
    """The changes as a table; an undefined or infinite number is null."""
    columns: list[str | int] = [
        "key",
        "against",
        "before",
        "after",
        "change",
        "low",
        "high",
        "margin",
        "frames",
        "answer",
    ]
    table = wandb.Table(columns=columns)
    for name, changes in changes_from.items():
        for change in changes:
            differences = (change.after - change.before, change.low, change.high)
            figures = (change.before, change.after, *differences, change.margin, change.frames)
            cells = (figure if math.isfinite(figure) else None for figure in figures)
            table.add_data(change.key, name, *cells, change.answer)
    return table


def _surely_fell(change: Change) -> bool:
    return change.answer == AS_GOOD and change.high < 0 and change.key != LATENCY


def _fall(change: Change) -> str:
    difference = change.after - change.before
    if change.key == LATENCY:
        share = f"{100 * difference / change.before:.0f} %, more than {100 * change.margin / change.before:g} %"
        return f"{change.key} rose from {change.before:.1f} to {change.after:.1f}, by {share}"
    direction = f"fell by {-difference:.3f}" if difference < 0 else f"rose by {difference:.3f}"
    interval = f"[{change.low:.3f}, {change.high:.3f}]" if math.isfinite(change.low) else "[?]"
    allowed = {WORSE: "more than", OPEN: "possibly a fall of more than"}.get(
        change.answer, "not by chance, but not by more than"
    )
    return f"{change.key} {direction} {interval}, {allowed} {change.margin:g}"


def _frames(change: Change) -> str:
    """How many frames would settle an open answer, and how many there are."""
    if math.isinf(change.frames):
        return f"the {change.seen} frames come from too few stretches of drives; more drives or seeds are needed"
    digits = 10 ** max(0, len(str(math.ceil(change.frames))) - 2)
    return f"about {math.ceil(change.frames / digits) * digits} frames like these {change.seen} would be enough"
