"""The axes of the parallel coordinates: the place of each value, and its label."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.web.sweep.importance import as_text

NONE_AT = -0.1  # where runs without a value stand
_DECADES = 100  # a few numbers that span this factor stand on a logarithmic axis
_MOST_TICKS = 9


@dataclass(frozen=True)
class Axis:
    """One axis from 0 (bottom) to 1: the place of each run, and the ticks as (place, text)."""

    name: str
    places: Sequence[float]
    ticks: Sequence[tuple[float, str]]


def make_axis(name: str, values: Sequence[Any], log: bool = False) -> Axis:
    """An axis for the values of all runs, None if a run has none: numbers to scale, anything else evenly spread."""
    known = [value for value in values if value is not None]
    if not known:
        return Axis(name, [NONE_AT] * len(values), [(NONE_AT, "none")])
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        places, ticks = _numeric([float(value) for value in known], log)
    else:
        places, ticks = _named([as_text(value) for value in known])
    given = iter(places)
    everywhere = [NONE_AT if value is None else next(given) for value in values]
    return Axis(name, everywhere, [(NONE_AT, "none"), *ticks] if len(known) < len(values) else ticks)


def number(value: float) -> str:
    """A number as a reader likes it: at most four digits that count."""
    return f"{value:.4g}"


def _named(texts: Sequence[str]) -> tuple[list[float], list[tuple[float, str]]]:
    names = sorted(set(texts))
    place = {name: (index + 0.5) / len(names) for index, name in enumerate(names)}
    every = math.ceil(len(names) / (2 * _MOST_TICKS))
    return [place[text] for text in texts], [(place[name], name) for name in names[::every]]


def _numeric(numbers: Sequence[float], log: bool) -> tuple[list[float], list[tuple[float, str]]]:
    low, high = min(numbers), max(numbers)
    if low == high:
        return [0.5] * len(numbers), [(0.5, number(low))]
    distinct = sorted(set(numbers))
    few = len(distinct) <= _MOST_TICKS
    log = low > 0 and (log or (few and high / low >= _DECADES))

    def place(value: float) -> float:
        if log:
            return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))  # a ratio may overflow
        return (value - low) / (high - low)

    marks = distinct if few else _round_numbers(low, high, log)
    ticks = [(place(mark), number(mark)) for mark in _apart(marks, place)]
    return [place(value) for value in numbers], ticks


def _apart(marks: Sequence[float], place: Any) -> list[float]:
    """The marks that leave room for each other's text, both ends first."""
    kept = [marks[0], marks[-1]]
    for mark in marks[1:-1]:
        if all(abs(place(mark) - place(other)) >= 0.055 for other in kept):
            kept.append(mark)
    return sorted(kept)


def _round_numbers(low: float, high: float, log: bool) -> list[float]:
    """Both ends and round numbers between them."""
    if log and high / low >= 10:
        first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
        step = max(1, math.ceil((last - first + 1) / _MOST_TICKS))
        return [low, *(10.0**power for power in range(first, last + 1, step)), high]
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step_size = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    inner = [index * step_size for index in range(math.ceil(low / step_size), math.floor(high / step_size) + 1)]
    return [low, *(value for value in inner if low < value < high), high]
