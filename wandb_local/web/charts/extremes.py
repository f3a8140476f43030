"""How a long series is drawn from few points without losing a spike, and how it is smoothed."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
_TINY = 1e-290  # plotly gives up on a linear axis whose ends are about 1e-305 apart; these differ by more, or are flat


def extremes(values: Floats, count: int) -> Places:
    """The places of at most ``count`` values, by rising place: all of them, or both ends and the minimum and maximum of
    each bucket of neighbours. A bucket of nothing finite keeps its first value, which is a gap in the line."""
    if len(values) <= count:
        return np.arange(len(values))
    size = math.ceil(len(values) / max((count - 2) // 2, 1))
    buckets = np.append(values, np.full(-len(values) % size, np.nan)).reshape(-1, size)  # (buckets, size)
    starts = np.arange(len(buckets)) * size
    finite = np.isfinite(buckets)
    lowest = np.where(finite, buckets, np.inf).argmin(axis=1)
    highest = np.where(finite, buckets, -np.inf).argmax(axis=1)
    return np.unique(np.concatenate([[0, len(values) - 1], starts + lowest, starts + highest]))


def drawn(values: Floats) -> Floats:
    """Values as a linear axis shows them: those that are too close to 0 for it as 0."""
    return np.where(np.abs(values) < _TINY, 0.0, values)


def drawn_one(value: float) -> float:
    """The same of one value."""
    return 0.0 if abs(value) < _TINY else value


def smooth(values: Floats, weight: float) -> Floats:
    """Exponential moving average, corrected for its start as in Adam (Kingma and Ba, 2015). Values that are not finite
    are left out and kept unchanged."""
    smoothed = values.tolist()
    mean = total = 0.0
    for place, value in enumerate(smoothed):
        if math.isfinite(value):
            mean = weight * mean + (1 - weight) * value
            total = weight * total + (1 - weight)
            smoothed[place] = mean / total
    return np.array(smoothed)


def marked(x: Floats, where: npt.NDArray[np.bool_], most: int) -> list[tuple[float, float, int]]:
    """The places where a condition holds, as at most ``most`` stretches of neighbours: first x, last x, and count."""
    places = np.flatnonzero(where)
    if not len(places):
        return []
    groups = places if len(x) <= most else places * most // len(x)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    ends = np.append(starts[1:], len(places))
    return [
        (float(x[places[start]]), float(x[places[end - 1]]), int(end - start))
        for start, end in zip(starts, ends, strict=True)
    ]
