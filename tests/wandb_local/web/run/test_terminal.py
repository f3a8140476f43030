"""Text with the codes of a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.run.console import shown_lines
from wandb_local.web.run.terminal import PLAIN, Look, contrast, legible, pieces, readable, style

BYTES = st.integers(0, 255)
RGB = st.tuples(BYTES, BYTES, BYTES)


def look(codes):
    ((_, found),) = pieces(f"\x1b[{codes}mx")[0]
    return found


@pytest.mark.parametrize(
    ("codes", "found"),
    [
        ("", PLAIN),
        ("0", PLAIN),
        ("31", Look((205, 0, 0))),
        ("1;91", Look((255, 0, 0), None, frozenset({"bold"}))),
        ("31;42;39", Look(None, (0, 205, 0))),
        ("44;49", PLAIN),
        ("107", Look(None, (255, 255, 255))),
        ("38;5;9", Look((255, 0, 0))),
        ("38;5;208", Look((255, 135, 0))),
        ("48;5;255", Look(None, (238, 238, 238))),
        ("38;2;1;2;3", Look((1, 2, 3))),
        ("38:2:1:2:3", Look((1, 2, 3))),
        ("38;2;1;999", Look((1, 255, 0))),
        ("38", PLAIN),
        ("38;5;300;4", Look(None, None, frozenset({"underlined"}))),
        ("1;2;3;22;3;23", PLAIN),
        ("999999999999999999999", PLAIN),
    ],
)
def test_codes_select_looks(codes, found):
    assert look(codes) == found


def test_terminal_codes_and_progress_bars_are_read_as_a_terminal_shows_them():
    assert readable("\x1b[1;31mred\x1b[0m \x1b[2Kand\x07 plain\t.\n") == "red and plain\t."
    assert readable(" 1%\r50%\r100%\n") == "100%"
    red = Look((205, 0, 0))
    assert pieces("\x1b[31m 1%\r50% \x1b[0mdone\r\n") == ([("50% ", red), ("done", PLAIN)], PLAIN)
    assert pieces("on", pieces("\x1b[31mgoes")[1]) == ([("on", red)], red)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ z", "a link z"),
        ("\x1b]8;id=1;http://x\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1bP1$r0m\x1b\\a\x1b_Gf=100;QUJD\x1b\\b\x1b^pm\x1b\\c\x1bXsos\x1b\\d", "abcd"),
        ("\x1bPa\x07b\x1b\\c", "c"),  # a bell ends a title alone
        ("a\x1b]0;goes on", "a"),
        ("a\x1b]0;cut\x1b[1mb", "ab"),
        ("\x1b(B\x1b[mreset\x1b7\x1b8\x1b=", "reset"),  # `tput sgr0`, and a cursor that is kept
    ],
)
def test_strings_that_a_terminal_does_not_print_are_left_out(line, shown):
    assert readable(line) == "".join(text for text, _ in pieces(line)[0]) == shown


def test_a_colour_goes_on_in_the_next_line_and_plain_text_stays_one_piece():
    shown = shown_lines(["a", "b \x1b[31mred", "<b>still</b>", "\x1b[0mc", "d"], carried=True)
    assert [getattr(each, "children", each) for each in shown] == ["a\nb ", "red", "\n", "<b>still</b>", "\nc\nd"]
    shown = shown_lines(["\x1b[31mred", "not next to it"], carried=False)
    assert [getattr(each, "children", each) for each in shown] == ["", "red", "\nnot next to it"]


@given(st.text(st.sampled_from("ab\x1b[]P(\\0;1234589m\r\n\x07:K?"), max_size=60))
def test_pieces_hold_the_text_that_is_searched(line):
    assert "".join(text for text, _ in pieces(line)[0]) == readable(line)


@given(st.none() | RGB, st.none() | RGB, st.frozensets(st.sampled_from(["bold", "dim", "inverse", "struck"])))
def test_text_can_be_read_whatever_its_colours(text, behind, flags):
    css = style(Look(text, behind, flags))
    colors = [tuple(bytes.fromhex(color)) for color in re.findall("#(.{6})", css.get("color", ""))]
    back = css.get("backgroundColor")
    behinds = [tuple(bytes.fromhex(back[1:]))] if back else [(255, 255, 255), (29, 33, 39)]
    assert all(contrast(one, other) >= 4.5 for one, other in zip(colors, behinds, strict=False))
    assert bool(colors) or (text is None and back is None)


def test_contrast_is_that_of_the_standard_and_a_colour_that_can_be_read_stays():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.478, abs=0.001)
    assert legible((205, 0, 0), (255, 255, 255)) == (205, 0, 0)
