"""What a conversion did with frames and labels, and how it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from camvid.depth.write import Carried
from files.amounts import counted

NEAREST = "the nearest class, as their colour or value is not in the list"


class Written(NamedTuple):
    """What was done with a label."""

    linked: bool
    scaled: bool
    cleaned: int
    pixels: int


class Done(NamedTuple):
    """What was done with a frame; one that keeps neither a label nor depth is left out."""

    label: Written | None
    depth: Carried | None

    @property
    def kept(self) -> bool:
        """Whether the frame was linked."""
        return bool(self.label or (self.depth and self.depth.camera))


def about_done(done: Sequence[Done]) -> list[str]:
    """What was done with frames and labels, one line each."""
    written = [one.label for one in done if one.label]
    linked, scaled = (sum(getattr(one, what) for one in written) for what in ("linked", "scaled"))
    lines = [
        f"{counted(sum(one.kept for one in done), 'frame')} linked; {counted(linked, 'label')} linked as they are, "
        f"{len(written) - linked} written as PNG"
    ]
    if lost := sum(not one.kept for one in done):
        lines.append(f"left out: {counted(lost, 'frame')} without a label, whose depth was left out")
    if scaled:
        lines.append(f"scaled to the size of the frame, each pixel as its nearest one: {counted(scaled, 'label')}")
    if cleaned := [one for one in written if one.cleaned]:
        share = 100 * sum(one.cleaned for one in cleaned) / sum(one.pixels for one in cleaned)
        lines.append(
            f"smoothed or compressed: {counted(len(cleaned), 'label')}; {share:.2g} % of their pixels got {NEAREST}"
        )
    return lines
