"""Text files as editors on any system save them."""

from __future__ import annotations

import codecs
from pathlib import Path

# UTF-16's little-endian mark is the beginning of UTF-32's, which therefore comes first.
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_text(path: Path) -> str:
    """The text of a file, without its byte order mark, which gives the encoding; without a mark it is UTF-8.

    Raises:
        ValueError: the bytes are not text in that encoding; the message names file, encoding and the fix.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
        if "\0" in text:  # as UTF-16 without its mark looks
            raise ValueError("it has zero bytes")
    except ValueError as error:
        what = _broken_line(error) if isinstance(error, UnicodeDecodeError) else str(error)
        name = encoding.removesuffix("-sig").upper()
        raise ValueError(f"{path}: this is not a text file in {name} ({what}); save it as UTF-8") from error
    return text


def _broken_line(error: UnicodeDecodeError) -> str:
    line = error.object[: error.start].decode(error.encoding, "ignore").count("\n") + 1
    return f"line {line} has the byte 0x{error.object[error.start]:02x}"


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, with any line endings, without spaces around them. Raises as `read_text` does."""
    return [line.strip() for line in read_text(path).splitlines()]
