"""The output of a program whose work counts more: it goes on if nobody can take what it prints."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

LOST = "stdout: cannot be written ({}); what is printed there is lost, and the program goes on"


def outlast_output() -> None:
    """From now on a full disk, or a pipe that nobody reads, does not end this process.

    What cannot be written to stdout or stderr is lost. If it was for stdout, one line on stderr says so. If the disk
    has room again, later lines are written.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed, as `>&-` does it
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  (for as long as the process lasts)
            if name == "stdout":
                _report("it is closed")
        elif isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _lasting(stream))


class _Lasting(io.FileIO):
    """A file that takes all that is written, also if its disk or its reader does not."""

    reported = False

    def write(self, data: Any) -> int:
        """The number of bytes, also of those that are lost."""
        try:
            return super().write(data)
        except OSError as error:
            if self.fileno() == 1 and not self.reported:
                self.reported = True
                _report(error.strerror)
            return memoryview(data).nbytes


def _report(why: str | None) -> None:
    if sys.stderr:
        with suppress(OSError):
            os.write(2, f"\n{LOST.format(why)}\n".encode())  # a bar may stand in the line


def _lasting(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """A stream of the same kind on the same file."""
    with suppress(OSError):
        stream.flush()
    raw = _Lasting(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),  # type: ignore[arg-type]  # as Python does it
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
