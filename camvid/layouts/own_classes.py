"""Classes of a data set's own: a taxonomy from a list of names, with colours and what is known of such names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from camvid.entries import Color
from camvid.layouts.class_lists import Listed
from camvid.taxonomy import Taxonomy, TaxonomyError, load_taxonomy

NO_CLASS = {"void", "unlabeled", "unlabelled", "ignore", "ignored", "outofroi"}  # names that no class has
KNOWN = ("cityscapes19", "camvid11", "mapillary65", "voc21")  # whose priorities hold for classes of the same names


def taxonomy_of(listed: Iterable[Listed], origin: str) -> Taxonomy:
    """A class for each name of a list but those that mean void; what is a priority class elsewhere is one here.

    Raises TaxonomyError naming `origin`, where the list stands.
    """
    kept = [one for one in listed if one.name.casefold() not in NO_CLASS]
    if not kept:
        raise TaxonomyError(f"{origin}: lists no class but void")
    given = [one.color for one in kept if one.color]
    free = (value for value in map(distinct_color, range(1, 1 << 24)) if value not in given)
    alone = {value for value, count in Counter(given).items() if count == 1}
    colors = [one.color if one.color in alone else next(free) for one in kept]
    entries = [_entry(one.name, value) for one, value in zip(kept, colors, strict=True)]
    return Taxonomy.from_dict({"name": "own", "classes": entries}, origin)


def _entry(name: str, value: Color | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name.replace("/", "_"), "color": list(value or ())}
    return entry | ({"collects": [name]} if "/" in name else {}) | known_flags(name)


def known_flags(name: str) -> dict[str, bool]:
    """The flags (priority, background) of the known class that collects this name; none for an unknown name."""
    return dict.fromkeys(_flags_by_name().get(_plain(name), ()), True)


@lru_cache(maxsize=1)
def _flags_by_name() -> dict[str, tuple[str, ...]]:
    """The flags of known classes by the names that they collect; a name that several collect has the first one's."""
    flags: dict[str, tuple[str, ...]] = {"background": ("background",)}
    for known in map(load_taxonomy, KNOWN):
        for source, index in known.sources.items():
            spec = known.classes[index]
            found = tuple(flag for flag in ("priority", "background") if getattr(spec, flag))
            flags.setdefault(_plain(source), found)
    return flags


def _plain(name: str) -> str:
    """Traffic light, traffic_light and TrafficLight are one name."""
    return re.sub(r"[\W_]", "", name.casefold())


def distinct_color(number: int) -> Color:
    """A colour for each number, far from that of its neighbours: those of VOC's palette, by spreading its bits."""
    red, green, blue = (
        sum((number >> 3 * step + channel & 1) << 7 - step for step in range(8)) for channel in range(3)
    )
    return red, green, blue
