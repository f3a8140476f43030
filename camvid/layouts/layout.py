"""What a layout is: how it is recognised, where its frames lie, what its labels hold, and which classes it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from camvid.labels import IndexLabels, Labels
from camvid.layouts.label_kinds import require_one_kind
from camvid.layouts.scan import Scan
from camvid.taxonomy import DEFAULT, Taxonomy, load_taxonomy

Classes: TypeAlias = Callable[[Path], Taxonomy]


def built_in(name: str) -> Classes:
    """The classes of a layout whose data sets all have the same ones."""
    return lambda root: load_taxonomy(name)


def any_form(forms: Iterable[tuple[str, ...]]) -> tuple[str, str]:
    """The marks of a layout of several forms, each of which names its folder of frames and that of its labels first."""
    frames, labels, *_ = zip(*forms, strict=True)
    return "|".join(f"{folder}/" for folder in frames), "|".join(f"{folder}/" for folder in labels)


CAMVID11 = built_in(DEFAULT)


@dataclass(frozen=True)
class Layout:
    """A layout.

    Attributes:
        name: what `--layout` calls it.
        marks: glob patterns that must all match, "|" between alternatives.
        scan: finds the frames under a root, for a layout of this name.
        labels: builds the decoder for the labels of what was found.
        pair: a frame and its label, for messages; {split} stands for each split, * for folders of any name.
        others: the pairs of its other forms.
        classes: the taxonomy of the data set under a root, which is taken where none is asked for.
    """

    name: str
    marks: tuple[str, ...]
    scan: Callable[[Path, str], Scan]
    labels: Callable[[Scan, Taxonomy], Labels]
    pair: tuple[str, str]
    classes: Classes = CAMVID11
    others: tuple[tuple[str, str], ...] = ()

    def decoder(self, scan: Scan, taxonomy: Taxonomy) -> Labels:
        """The decoder for the labels of what was found; any one if there are none.

        Raises ValueError where they are of two kinds, or not known.
        """
        if not scan.masks:
            return IndexLabels(())
        require_one_kind(scan)
        return self.labels(scan, taxonomy)

    def missing(self, root: Path) -> list[str]:
        """The marks of which nothing is there; none where the layout fits a folder."""
        return [mark for mark in self.marks if not any(matching(root, pattern) for pattern in mark.split("|"))]


def matching(root: Path, pattern: str) -> bool:
    """Whether a glob pattern matches something in a folder; one with a slash at its end matches folders alone."""
    found = root.glob(pattern.rstrip("/"))
    return any(path.is_dir() or not pattern.endswith("/") for path in found)
