"""The colours of a terminal: text with escape sequences as pieces with a look, legible on a light and a dark page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

Rgb = tuple[int, int, int]
_SELECT = re.compile(r"\x1b\[([\d;:]*)m")
_ESCAPES = re.compile(  # by ECMA-48; another escape or the end of the line ends a string too
    r"\x1b\][^\x07\x18\x1a\x1b\n]*(?:\x07|\x1b\\)?"  # titles, the addresses of links
    r"|\x1b[PX^_][^\x18\x1a\x1b\n]*(?:\x1b\\)?"  # pictures, and what is told to a program such as tmux
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]"  # cursor moves, character sets, bells
)
# xterm's sixteen colours: the dark ones, then the bright ones
_PALETTE: Sequence[Rgb] = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)),
    (255, 255, 255),
)
_STEPS = (0, 95, 135, 175, 215, 255)
_LIGHT, _DARK = (255, 255, 255), (29, 33, 39)  # `--card` of style.css
_CONTRAST = 4.5  # WCAG 2.2, level AA
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underlined", 7: "inverse", 9: "struck"}
_ENDS = {22: ("bold", "dim"), 23: ("italic",), 24: ("underlined",), 27: ("inverse",), 29: ("struck",)}


@dataclass(frozen=True)
class Look:
    """The style of a text: colours (None for the colours of the page), and ``_FLAGS``."""

    text: Rgb | None = None
    behind: Rgb | None = None
    flags: frozenset[str] = frozenset()


PLAIN = Look()


def readable(line: str) -> str:
    """A line without terminal codes; of a progress bar, only the last state."""
    return _ESCAPES.sub("", _last(line))


def pieces(line: str, look: Look = PLAIN) -> tuple[list[tuple[str, Look]], Look]:
    """What ``readable`` gives, in pieces with their looks; the line begins with a look, and ends with the one that the
    next line begins with."""
    last, found = _last(line), []
    for select in _SELECT.finditer(line[: len(line.rstrip("\r\n")) - len(last)]):
        look = _selected(look, select[1])
    place = 0
    for select in _SELECT.finditer(last):
        found.append((last[place : select.start()], look))
        look, place = _selected(look, select[1]), select.end()
    found.append((last[place:], look))
    return [(text, look) for codes, look in found if (text := _ESCAPES.sub("", codes))], look


def _last(line: str) -> str:
    return line.rstrip("\r\n").rpartition("\r")[2]


@lru_cache(maxsize=1024)
def _selected(look: Look, text: str) -> Look:
    """The look after ``ESC [ text m``."""
    codes = iter([int(code[:4]) for code in text.replace(":", ";").split(";") if code] or [0])
    for code in codes:
        if code == 0:
            look = PLAIN
        elif code in _FLAGS:
            look = replace(look, flags=look.flags | {_FLAGS[code]})
        elif code in _ENDS:
            look = replace(look, flags=look.flags - {*_ENDS[code]})
        elif code in (38, 48):
            color = _extended(codes)
            look = replace(look, text=color) if code == 38 else replace(look, behind=color)
        elif 30 <= code <= 39 or 90 <= code <= 97:
            look = replace(look, text=_basic(code))
        elif 40 <= code <= 49 or 100 <= code <= 107:
            look = replace(look, behind=_basic(code - 10))
    return look


def _basic(code: int) -> Rgb | None:
    return None if code == 39 else _PALETTE[code - 30 if code < 40 else code - 82]


def _extended(codes: Iterator[int]) -> Rgb | None:
    """The colour of ``5;NUMBER`` or ``2;RED;GREEN;BLUE``."""
    kind = next(codes, None)
    if kind == 2:
        red, green, blue = (min(next(codes, 0), 255) for _ in range(3))
        return red, green, blue
    number = next(codes, 0) if kind == 5 else 256
    if number < 16:
        return _PALETTE[number]
    if number < 232:
        number -= 16
        return _STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6]
    grey = 8 + 10 * (number - 232)
    return (grey, grey, grey) if number < 256 else None


@lru_cache(maxsize=1024)
def style(look: Look) -> Mapping[str, str]:
    """A style as CSS, with enough contrast between the text and its background."""
    text, behind = look.text, look.behind
    if "inverse" in look.flags:
        text, behind = behind or _DARK, text or (229, 229, 229)
        text = _DARK if text == behind else text
    css = {"fontWeight": "bold"} if "bold" in look.flags else {}
    if "italic" in look.flags:
        css["fontStyle"] = "italic"
    lines = {"underlined": "underline", "struck": "line-through"}
    if drawn := " ".join(css_name for flag, css_name in lines.items() if flag in look.flags):
        css["textDecoration"] = drawn
    if behind is not None:
        return {**css, "backgroundColor": _hex(behind), "color": _hex(legible(text or _DARK, behind))}
    if text is not None:
        return {**css, "color": f"light-dark({_hex(legible(text, _LIGHT))}, {_hex(legible(text, _DARK))})"}
    return {**css, "color": "var(--soft)"} if "dim" in look.flags else css


def legible(color: Rgb, behind: Rgb) -> Rgb:
    """The colour, moved towards black or white until it is readable on the background."""
    target = max(((0, 0, 0), (255, 255, 255)), key=lambda end: contrast(end, behind))
    steps = (
        [round(one + (end - one) * part / 10) for one, end in zip(color, target, strict=True)] for part in range(10)
    )
    found = next((step for step in steps if contrast(step, behind) >= _CONTRAST), target)
    return found[0], found[1], found[2]


def contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """The contrast of two colours as WCAG 2.2 defines it: 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Sequence[int]) -> float:
    parts = (value / 255 for value in color)
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _hex(color: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
