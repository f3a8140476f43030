"""Colours for classes: those that the table carries, else one of forty that are far apart, always the same for a class.

The forty were chosen one after the other, each as far as possible (CIELAB; at least 28) from black, white, grey and
those before it: the method of C. Glasbey et al., "Colour displays for categorical images", Color Research and
Application 32 (2007).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# fmt: off
COLORS = (
    "#e6194b", "#0000f8", "#00f800", "#f8c800", "#f080f8", "#00f8b8", "#006000", "#0048a0",
    "#905000", "#802058", "#b8f068", "#00b8f8", "#d800f8", "#f898b8", "#f85800", "#e8c880",
    "#4858f8", "#f80098", "#00b0a8", "#800098", "#a898e0", "#00a800", "#889000", "#b8f0b8",
    "#f88868", "#005840", "#505010", "#006088", "#882828", "#00f878", "#f89828", "#38a868",
    "#a8f800", "#a81000", "#0090f8", "#889860", "#685080", "#f810d0", "#8860d0", "#7000d0",
)
# fmt: on

_HEX = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")


def class_colors(classes: Iterable[tuple[int, str]]) -> dict[str, str]:
    """A colour (``#rrggbb``) for every class, given by value in the mask and name, of all mask sets.

    One name has one colour, whatever its values are; it depends on the value alone while there is no collision.
    """
    colors: dict[str, str] = {}
    taken: set[int] = set()
    for value, name in sorted(set(classes)):
        if name in colors:
            continue
        free = (place % len(COLORS) for place in range(value, value + len(COLORS)))
        place = next((place for place in free if place not in taken), value % len(COLORS))
        taken.add(place)
        colors[name] = COLORS[place]
    return colors


def carried_colors(given: object) -> dict[str, str]:
    """The colours by class name (``#rrggbb``, or ``#rrggbbaa`` with opacity) that were logged with a table: what its
    artifact's metadata has under ``class_colors``. Anything else is passed over."""
    pairs = given.items() if isinstance(given, Mapping) else ()
    return {str(name): color.lower() for name, color in pairs if isinstance(color, str) and _HEX.fullmatch(color)}
