"""A taxonomy as a YAML file that people read and edit, and a draft of a taxonomy from the values in the labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import yaml

from camvid.entries import Color
from camvid.layouts.label_content import Look
from camvid.layouts.own_classes import distinct_color, known_flags
from camvid.taxonomy import IGNORE_INDEX, TAXONOMIES, VOID_COLOR, ClassSpec, Taxonomy, load_taxonomy

LEFT_OUT = ""  # key of the note on the values that got no class
NOISE = 8  # largest channel value of a black that was blended or compressed


def taxonomy_yaml(taxonomy: Taxonomy, notes: Mapping[str, str] | None = None) -> str:
    """The text of the file, with one class in each line. `notes` become comments behind their classes."""
    lines = [_flow(entry) for entry in taxonomy.to_dict()["classes"]]
    notes = notes or {}
    told = [notes.get(name, "") for name in taxonomy.names]
    entries = [f"  - {line}{note and f'  # {note}'}" for line, note in zip(lines, told, strict=True)]
    rest = [f"# {notes[LEFT_OUT]}"] if LEFT_OUT in notes else []
    return "\n".join([f"name: {_flow(taxonomy.name)}", "classes:", *entries, *rest, ""])


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def draft(look: Look) -> tuple[Taxonomy, dict[str, str]]:
    """A class for each value or colour of the labels, except 255 and black, and for each a note with its pixel share.

    Values are collected by their numbers. A colour that a built-in taxonomy has gets its name there. If the labels have
    only two values, 255 is a class too. A note says what was left out, and which share of the pixels it has.
    """
    look = look.peaks if look.lossy else look
    if look.values is not None:
        void = {IGNORE_INDEX} if len(look.values) > 2 else set()
        values = [value for value in sorted(look.values) if value not in void] or [0]
        left_out = "value 255"
        counts = {f"value_{value}": look.values[value] for value in values}
        specs = [ClassSpec(f"value_{value}", distinct_color(value + 1)) for value in values]
        groups: dict[str, tuple[str, ...]] = {f"value_{value}": (str(value),) for value in values}
    else:
        names = _known(look)
        left_out = "black, (0, 0, 0)"
        counts = {names[color]: look.colors[color] for color in names}
        specs = [ClassSpec(name, color, **known_flags(name)) for color, name in names.items()]
        groups = {name: (name,) for name in counts}
    notes = {name: f"{100 * count / look.colors.total():.2g} % of the pixels" for name, count in counts.items()}
    if rest := look.colors.total() - sum(counts.values()):
        share = f"{100 * rest / look.colors.total():.2g} % of the pixels"
        notes[LEFT_OUT] = f"void: {left_out} and what is rare, {share}; add a line if it is a class"
    return Taxonomy("own", tuple(specs), groups), notes


def _known(look: Look) -> dict[Color, str]:
    """A name for each colour: from the built-in taxonomy that has most of the colours, else its three numbers."""
    colors = [color for color in look.main_colors if max(color) > (NOISE if look.many else 0)] or [VOID_COLOR]
    best = max((_named(colors, name) for name in TAXONOMIES), key=len)
    known = best if 2 * len(best) > len(colors) else {}
    return {color: known.get(color, "color_{}_{}_{}".format(*color)) for color in colors}


def _named(colors: Iterable[Color], taxonomy: str) -> dict[Color, str]:
    """The colours that a built-in taxonomy has."""
    palette = {spec.color: spec.name for spec in load_taxonomy(taxonomy).classes}
    return {color: palette[color] for color in colors if color in palette}
