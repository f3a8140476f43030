"""The ``.wandb`` file of an offline run: which run it is, and whether the file is whole.

It is a LevelDB log (https://github.com/google/leveldb/blob/main/doc/log_format.md) of protobuf records behind a header
of seven bytes, with CRC-32 sums. Only the first run record is read here; importing is the wandb client's business.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from wandb_local.names import DEFAULT_ENTITY, DEFAULT_PROJECT

_HEADER = b":W&B\xe1\xbe\x00"
_BLOCK = 32768
_CHUNK = struct.Struct("<IHB")  # CRC-32 of kind and data, length, kind: 1 whole, 2 first, 3 middle, 4 last
_RUN, _RUN_ID, _ENTITY, _PROJECT = 17, 1, 2, 3  # field numbers in Record and RunRecord of wandb_internal.proto


class DamagedLogError(ValueError):
    """The file is no ``.wandb`` file, or holds no run."""


@dataclass(frozen=True)
class OfflineLog:
    """A ``.wandb`` file.

    Attributes:
        run: ``ENTITY/PROJECT/RUN`` that it goes to.
        digest: MD5 of the file.
        flaw: where and how the file ends too early, or None.
        damaged: whether bytes were changed, not only missing at the end as after a killed script.
    """

    path: Path
    run: str
    digest: str
    flaw: str | None
    damaged: bool


def read_log(path: Path) -> OfflineLog:
    """Check every sum of a ``.wandb`` file and find the run's name.

    Raises:
        DamagedLogError: not such a file, or the name of the run cannot be read.
        OSError: the file cannot be read.
    """
    record, name, flaw, damaged = b"", None, None, False
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise DamagedLogError(f"{path}: not a .wandb file: its first bytes are not those of W&B's log, version 0")
        try:
            for kind, data in _chunks(file):
                record = data if kind in (1, 2) else record + data
                name = _run_name(record) if name is None and kind in (1, 4) else name
                record = record if name is None else b""
        except EOFError as error:
            flaw = str(error)
        except ValueError as error:
            flaw, damaged = str(error), True
        file.seek(0)
        digest = hashlib.file_digest(file, "md5").hexdigest()
    if name is None:
        raise DamagedLogError(f"{path}: holds no run" + (f": {flaw}" if flaw else "; the script ended too early"))
    return OfflineLog(path, name, digest, flaw, damaged)


def _chunks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while True:
        at = file.tell()
        left = _BLOCK - at % _BLOCK
        if left < _CHUNK.size:
            file.read(left)
            continue
        head = file.read(_CHUNK.size)
        if not head:
            return
        crc, size, kind = _CHUNK.unpack(head) if len(head) == _CHUNK.size else (0, 1, 0)
        data = file.read(size)
        if len(data) < size:
            raise EOFError(f"ends in the middle of a record, at byte {at}")
        if zlib.crc32(data, zlib.crc32(bytes([kind]))) != crc:
            raise ValueError(f"damaged at byte {at} of {file.seek(0, 2)}")
        yield kind, data


def _run_name(record: bytes) -> str | None:
    run = dict(_fields(record)).get(_RUN)
    if run is None:
        return None
    fields = dict(_fields(run))
    given = [fields.get(number, b"").decode() for number in (_ENTITY, _PROJECT, _RUN_ID)]
    return f"{given[0] or DEFAULT_ENTITY}/{given[1] or DEFAULT_PROJECT}/{given[2]}"


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protobuf message (https://protobuf.dev/programming-guides/encoding)."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        size, at = _varint(message, at) if tag & 7 == 2 else ({1: 8, 5: 4}[tag & 7], at)
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at
