"""What the labels of a pair of folders stand for, from a list of classes or a taxonomy, and from what they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from camvid.entries import Color
from camvid.labels import IndexLabels, Labels, color_labels, index_labels
from camvid.layouts.class_lists import Listed
from camvid.layouts.codes import about_comments
from camvid.layouts.label_content import Look, look_at
from camvid.layouts.notices import GuessWarning, notice
from camvid.spread import spread
from camvid.taxonomy import IGNORE_INDEX, VOID_COLOR, VOID_NAME, Taxonomy, TaxonomyError
from camvid.words import in_words_of
from files.amounts import counted


def labels_of(
    masks: Sequence[Path], taxonomy: Taxonomy, listed: Sequence[Listed], origin: str, ignore: Collection[int] = ()
) -> Labels:
    """The decoder of label pictures.

    Args:
        masks: the pictures, of which a sample is looked at.
        taxonomy: the classes.
        listed: the names of values or colours; none where the taxonomy itself says them.
        origin: where the names stand, for messages.
        ignore: values that are void.

    Raises:
        ValueError: a label that cannot be read, or of a mode that no label has.
        TaxonomyError: the values or the colours cannot be known.
    """
    sample = spread(masks)
    look = look_at(sample)
    if look.strange:
        raise ValueError(f"{sample[0]}: {look.strange}")
    if look.lossy:
        look = look.peaks
    labels = _by_list(look, sample[0], taxonomy, listed, origin, ignore) if listed else _by_taxonomy(look, taxonomy)
    if look.differing and isinstance(labels, IndexLabels):
        _say_differing(*look.differing)
    return labels


def _say_differing(one: Path, other: Path) -> None:
    """That values are taken as indices, although the colours in which they are shown say otherwise."""
    notice(
        f"{one}: its palette and that of {other} differ; values are taken as indices, and the colours mean nothing. If "
        "the colours are what counts, list them in class_dict.csv with the columns name,r,g,b, in place of other lists",
        GuessWarning,
        level=6,
    )


def _by_list(
    look: Look, first: Path, taxonomy: Taxonomy, listed: Sequence[Listed], origin: str, ignore: Collection[int]
) -> Labels:
    """By the values or colours that a list of classes names."""
    taxonomy = in_words_of(taxonomy, [one.name for one in listed])
    void = dict.fromkeys(ignore, VOID_NAME)
    values = {one.value: one.name for one in listed if one.value is not None}
    colors = {one.name: one.color for one in listed if one.color}
    two = look.values is not None and _black_and_white(look.values, listed, ignore)
    if values and look.values is not None and _covers(values, {*look.values} - {*void}) and not two:
        return _by_values(taxonomy, values, void, origin)
    if colors and look.values is None:
        _refuse_ignored(ignore, first)
        return color_labels(taxonomy, colors, origin)
    if look.values is None:
        raise TaxonomyError(
            f"{first}: the label holds colours, and {origin} lists none; list them in class_dict.csv with the "
            "columns name,r,g,b"
        )
    if colors and set(look.colors) <= {*colors.values()}:
        return _by_shown_colors(look, taxonomy, colors, void, origin)
    return _by_values(taxonomy, _in_order(look.values, listed, origin, ignore), void, origin)


def _by_values(taxonomy: Taxonomy, named: Mapping[int, str], void: Mapping[int, str], origin: str) -> Labels:
    """By the names of values; a class whose values are all ignored stays, without a pixel."""
    kept = {value: name for value, name in named.items() if value not in void}
    gone = {*named.values()} - {*kept.values()}
    groups = {name: tuple(n for n in group if n not in gone) for name, group in taxonomy.groups.items()}
    return index_labels(Taxonomy(taxonomy.name, taxonomy.classes, groups), kept | dict(void), origin)


def _refuse_ignored(ignore: Collection[int], mask: Path) -> None:
    if others := {*ignore} - {IGNORE_INDEX}:
        raise TaxonomyError(f"--ignore {min(others)}: {mask} holds colours, no values; name that colour Void")


def _covers(known: Collection[int], seen: Collection[int]) -> bool:
    return set(seen) <= {*known, IGNORE_INDEX}


def _by_shown_colors(
    look: Look, taxonomy: Taxonomy, colors: Mapping[str, Color], void: Mapping[int, str], origin: str
) -> Labels:
    """By the colours of a palette; a list of greys names the values of grey pictures."""
    if set(look.modes) & {"P", "RGB", "RGBA"}:
        return color_labels(taxonomy, colors, origin)
    return _by_values(taxonomy, {color[0]: name for name, color in colors.items()}, void, origin)


def _black_and_white(values: Collection[int], listed: Sequence[Listed], ignore: Collection[int]) -> bool:
    """Whether labels hold 0 and 255 alone, and 255 is no void: a list without values has one or two classes."""
    two = set(values) == {0, IGNORE_INDEX} and IGNORE_INDEX not in ignore
    return two and len(listed) <= 2 and not _says_values(listed)


def _says_values(listed: Sequence[Listed]) -> bool:
    return listed[0].value is not None and not listed[0].by_line


def _in_order(
    values: Collection[int], listed: Sequence[Listed], origin: str, ignore: Collection[int]
) -> dict[int, str]:
    """The names of values by their place in the list, where the list does not say them itself or they do not fit."""
    names, count = [one.name for one in listed], len(listed)
    seen = sorted({*values} - {IGNORE_INDEX, *ignore})
    comments = about_comments(Path(origin)) if listed[0].by_line else ""
    if _black_and_white(values, listed, ignore):
        if count == 1:
            raise TaxonomyError(f"{origin}: one name for labels of 0 and 255; list two: what 0 is, then what 255 is")
        return _guessed({0: names[0], IGNORE_INDEX: names[1]}, origin)
    if _says_values(listed):
        return {one.value: one.name for one in listed if one.value is not None}  # what is beyond it, `check` names
    if seen and seen[-1] == count and seen[0] == 0:
        raise TaxonomyError(
            f"{origin}: {count} names, and the labels hold {count + 1} values, 0 to {count}: if 0 means that nothing "
            f"is labelled, put {VOID_NAME} into a line before the others; if {count} does, put it at the end"
            f"{comments}"
        )
    if seen and seen[-1] == count:
        return _guessed(dict(enumerate(names, 1)), origin, comments)
    plain = dict(enumerate(names))
    if comments and seen and seen[-1] > count:
        _say_short(origin, count, seen[-1], comments)
    return plain if listed[0].by_line else _guessed(plain, origin)


def _say_short(origin: str, count: int, highest: int, comments: str) -> None:
    """That there are fewer names than values, where lines were left out of the list."""
    message = f"{origin}: {counted(count, 'name')}, and the labels hold values up to {highest}{comments}"
    notice(message, GuessWarning, level=8)


def _guessed(named: dict[int, str], origin: str, comments: str = "") -> dict[int, str]:
    told = ", ".join(f"{value} {name}" for value, name in named.items())
    notice(
        f"{origin}: by what the labels hold, its lines name these values: {told}. If that is wrong, say the values "
        'in a JSON file of the form [{"id": 0, "name": …}, …] and give it with --classes'
        f"{comments}",
        GuessWarning,
        level=8,
    )
    return named


def _by_taxonomy(look: Look, taxonomy: Taxonomy) -> Labels:
    """By the colours of the classes, or else by their order; a class may also collect values by their numbers."""
    origin = f"taxonomy {taxonomy.name}"
    numbers = {int(name): name for name in taxonomy.sources if name.isdecimal()}
    if numbers:
        return index_labels(taxonomy, numbers, origin)
    plain = {spec.name: spec.color for spec in taxonomy.classes if taxonomy.groups[spec.name] == (spec.name,)}
    colors = plain if len(plain) == taxonomy.num_classes else None
    if look.values is None or ("L" not in look.modes and set(look.colors) <= {*plain.values(), VOID_COLOR}):
        void = {} if VOID_COLOR in plain.values() else {VOID_NAME: VOID_COLOR}
        return color_labels(taxonomy, colors and colors | void, origin)
    if colors is None:
        name = next(name for name in taxonomy.names if name not in plain)
        raise TaxonomyError(
            f"{origin}: class {name} collects {', '.join(taxonomy.groups[name])}, and nothing says which values these "
            "are; list the names of the values in classes.txt, one a line"
        )
    return index_labels(taxonomy, taxonomy.names, origin)
