"""Limits on the uploaded files that the server itself opens, so that a table cannot fill the memory."""

import json
import math
import zipfile
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wandb_local.limits import MAX_NUMBERS, MAX_STORED_BYTES, MAX_STORED_VALUES, TooLargeError, check_json

_ENTRIES = 1_000  # files in an archive of arrays
_WIDEST = 16  # bytes of a number
_HEAD = 1 << 20  # bytes before the numbers
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes before they begin


class Allowance:
    """The bytes and values that one table, with all its parts, or one manifest may still use."""

    def __init__(self) -> None:
        self._bytes, self._values, self._numbers = MAX_STORED_BYTES, MAX_STORED_VALUES, MAX_NUMBERS

    def read(self, path: Path) -> bytes:
        """The bytes of a stored file.

        Raises:
            TooLargeError: the file is larger than the rest of the allowance.
            OSError: it cannot be read.
        """
        size = path.stat().st_size
        if size > self._bytes:
            raise TooLargeError(f"its parts are larger than {MAX_STORED_BYTES >> 20} MiB in total")
        self._bytes -= size
        return path.read_bytes()

    def json(self, data: bytes) -> Any:
        """Parse JSON; NaN and infinities become floats.

        Raises:
            TooLargeError: it has more values than the rest of the allowance, or is nested too deeply.
            ValueError, RecursionError: the text is not JSON.
        """
        return json.loads(self.text(data))

    def text(self, data: bytes, *, depth: bool = True) -> str:
        """The text of JSON that is not parsed yet; see ``check_json`` for ``depth``.

        Raises:
            TooLargeError: it has more values than the rest of the allowance, or is nested too deeply.
            ValueError: the bytes are not text.
        """
        text = data.decode(json.detect_encoding(data), "surrogatepass")
        self._values -= check_json(text, self._values, depth=depth)
        return text

    def array(self, archive: bytes, name: str) -> NDArray[Any]:
        """One array of an ``.npz`` archive.

        Raises:
            TooLargeError: it has more numbers than are left.
            KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error: no array of numbers.
        """
        if archive.count(b"PK\x01\x02") > _ENTRIES:
            raise TooLargeError(f"the archive has more than {_ENTRIES} files")
        with zipfile.ZipFile(BytesIO(archive)) as files:
            entry = files.getinfo(f"{name}.npy")
            if entry.compress_type not in _PLAIN:
                raise ValueError(f"the compression method {entry.compress_type} is not supported")
            if entry.file_size > self._numbers * _WIDEST + _HEAD:
                raise TooLargeError(f"more than {MAX_NUMBERS} numbers in arrays")
            with files.open(entry) as file:
                found = _array(file, self._numbers)
        self._numbers -= found.size
        return found


def _array(file: IO[bytes], most: int) -> NDArray[Any]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, kind = read(file)
    if math.prod(max(length, 1) for length in shape) > most:  # an empty list is a list all the same
        raise TooLargeError(f"more than {MAX_NUMBERS} numbers in arrays")
    if kind.hasobject or min(shape, default=0) < 0:
        raise ValueError("they hold Python objects, which are not unpickled, or no array")
    flat = np.frombuffer(file.read(math.prod(shape) * kind.itemsize), kind)
    return flat.reshape(shape, order="F" if by_columns else "C")
