"""The distributions of W&B's sweep configuration, of three kinds: choices, integers and real numbers.

`ppf` turns a uniform number in (0, 1) into a value: random search draws through it. Bayesian search works on numbers
that stand for the values: quantiles, under which every distribution looks uniform, and indices of choices.
Source: https://docs.wandb.ai/models/sweeps/sweep-config-keys
"""

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, Protocol

from wandb_local.search.canonical import canonical

STANDARD = NormalDist()
MARGIN = 2.0**-53  # the ends of (0, 1) that a draw may not reach: a normal is infinite there
TOLERANCE = 1e-9


class Distribution(Protocol):
    """A parameter's values, as random search draws them and as a model sees them."""

    def ppf(self, u: float) -> Any:
        """Value at the quantile `u` in [0, 1]."""

    def encode(self, value: Any) -> float | None:
        """The code of a value: an index for a choice, else a quantile in [0, 1]; None if the value is not possible."""

    def decode(self, x: float) -> Any:
        """The value with a code."""

    @property
    def support(self) -> Sequence[Any] | None:
        """Values of a grid, in order; None if a grid cannot list them."""

    @property
    def continuous(self) -> bool:
        """Whether there are so many values that no two draws need to be equal."""


@dataclass(frozen=True)
class Choice:
    """`constant`, `categorical` and `categorical_w_probabilities`: one of a list of arbitrary values."""

    support: Sequence[Any]
    probabilities: Sequence[float]
    continuous: bool = False

    def ppf(self, u: float) -> Any:
        """Value whose share of the unit interval holds `u`."""
        place = bisect.bisect_right(list(itertools.accumulate(self.probabilities)), u)
        return self.support[min(place, len(self.support) - 1)]

    def encode(self, value: Any) -> float | None:
        """Index of the value in the list."""
        return self._places.get(canonical(value))

    def decode(self, x: float) -> Any:
        """Value at an index."""
        return self.support[int(x)]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {canonical(value): place for place, value in reversed(list(enumerate(self.support)))}


@dataclass(frozen=True)
class Integers:
    """`int_uniform`: the integers from `low` to `high`, both included."""

    low: int
    high: int
    continuous: bool = False

    @property
    def support(self) -> range:
        """Every integer."""
        return range(self.low, self.high + 1)

    def ppf(self, u: float) -> int:
        """Integer whose share of the unit interval holds `u`."""
        return min(self.low + int(u * (self.high - self.low + 1)), self.high)

    decode = ppf

    def encode(self, value: Any) -> float | None:
        """Middle of the integer's share of the unit interval."""
        if not _number(value) or not self.low <= value <= self.high:
            return None
        return float((value - self.low + 0.5) / (self.high - self.low + 1))


@dataclass(frozen=True)
class Real:
    """A continuous distribution on `[low, high]`, quantised to multiples of `q` if there is one.

    W&B's rule for a quantised value is `round(x / q) * q`, an integer if `q` is one. We keep the result inside the
    bounds, where W&B's may leave them by half a step (a batch size of 0 from `min: 8, q: 32`).

    A code in [0, 1] spans the quantiles from `tail` to `1 - tail`. A family that is all but empty at its ends has a
    tail above 0: a model that goes to the end of its codes would propose a normal parameter at 8 deviations otherwise.
    """

    low: float
    high: float
    inverse: Callable[[float], float]
    forward: Callable[[float], float]
    q: float | None = None
    tail: float = 0.0
    steps: tuple[float, float, float] | None = None  # first, end (excluded) and step of a grid

    @property
    def continuous(self) -> bool:
        """Whether it is not quantised."""
        return self.q is None

    @property
    def support(self) -> Sequence[float] | None:
        """Values of a grid: `min`, `min + q`, … below `max`, as W&B lists a `q_uniform`; None for all others."""
        if self.steps is None:
            return None
        first, end, step = self.steps
        count = math.ceil((end - first) / step - TOLERANCE)
        return [_tidy(first + i * step, step) for i in range(count)]

    def ppf(self, u: float) -> float:
        """Value at the quantile `u`, quantised."""
        value = min(max(self.inverse(min(max(u, MARGIN), 1 - MARGIN)), self.low), self.high)
        return value if self.q is None else self._quantise(value, self.q)

    def decode(self, x: float) -> float:
        """Value at a code."""
        return self.ppf(self.tail + x * (1 - 2 * self.tail))

    def encode(self, value: Any) -> float | None:
        """Code of a value: its quantile, stretched over what lies between the tails, where what lies beyond ends up."""
        if not _number(value) or not self._inside(value):
            return None
        quantile = self.forward(min(max(value, self.low), self.high))
        return min(max((quantile - self.tail) / (1 - 2 * self.tail), 0.0), 1.0)

    def _inside(self, value: float) -> bool:
        slack = TOLERANCE * max(abs(value), self.q or 0.0)
        return self.low - slack <= value <= self.high + slack

    def _quantise(self, value: float, q: float) -> float:
        first, last = multiples(self.low, self.high, q)
        return _tidy(min(max(round(value / q), first), last) * q, q)


def multiples(low: float, high: float, q: float) -> tuple[float, float]:
    """The first and last k for which `k * q` lies within `[low, high]`; if there is none, the first is larger."""
    first = math.ceil(low / q - TOLERANCE) if math.isfinite(low) else -math.inf
    last = math.floor(high / q + TOLERANCE) if math.isfinite(high) else math.inf
    return first, last


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tidy(value: float, q: float) -> float:
    """Drop floating-point dust (0.30000000000000004), and the point where the step is a whole number."""
    return round(value) if isinstance(q, int) and abs(value - round(value)) < TOLERANCE else float(f"{value:.12g}")
