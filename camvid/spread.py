"""A sample of a long list, such as the files that are opened to find out what a data set holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

One = TypeVar("One")
SAMPLE = 12  # items that are looked at


def spread(items: Sequence[One], count: int = SAMPLE) -> list[One]:
    """At most so many of the items, spread evenly from the first to the last."""
    places = np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)) if items else ()
    return [items[place] for place in places]
