"""Which metrics a page of charts shows."""

from wandb_local.web.charts.selection import PER_PAGE, choose, section_of, sections

NAMES = ["loss", "val/loss", *(f"val/dice/c{number}" for number in range(30)), "system.cpu"]


def test_pages_begin_at_their_borders_and_end_at_the_last():
    assert choose(NAMES, "", "", 0).names == NAMES[:PER_PAGE]
    assert choose(NAMES, "", "", PER_PAGE + 3).first == PER_PAGE
    last = choose(NAMES, "", "", 1000)
    assert last.names == NAMES[2 * PER_PAGE :] and last.first + len(last.names) == last.total == len(NAMES)
    assert choose([], "", "", 5).total == 0


def test_search_and_section_narrow_the_choice():
    assert choose(NAMES, " LOSS ", "", 0).names == ["loss", "val/loss"]
    assert choose(NAMES, "loss", "val", 0).names == ["val/loss"]
    assert [section_of(name) for name in ("loss", "val/loss", "system.cpu")] == ["general", "val", "system"]
    assert sections(NAMES) == {"general": 1, "val": 31, "system": 1}
