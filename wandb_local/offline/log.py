"""The ``.wandb`` file of an offline run: the name of the run, the artifacts it logs, and which records are complete.

The file is a LevelDB log (https://github.com/google/leveldb/blob/main/doc/log_format.md) of protobuf records after a
header of seven bytes, with CRC-32 sums. The client writes it in blocks of 32 KiB, so the file of a killed script ends
in the middle of a record. Only the fields that an import needs are read here.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from wandb_local.names import DEFAULT_ENTITY, DEFAULT_PROJECT
from wandb_local.offline.artifacts import LoggedArtifact, logged_artifact
from wandb_local.offline.protobuf import fields

_HEADER = b":W&B\xe1\xbe\x00"
_BLOCK = 32768
_CHUNK = struct.Struct("<IHB")  # CRC-32 of kind and data, length, kind
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
# field numbers of Record and RunRecord in wandb_internal.proto
_ARTIFACT, _RUN, _EXIT = 8, 17, 18
_RUN_ID, _ENTITY, _PROJECT, _STARTED, _RESUME = 1, 2, 3, 17, 24


class DamagedLogError(ValueError):
    """The file is no ``.wandb`` file, or the name of its run cannot be read."""


class EmptyLogError(DamagedLogError):
    """The script was killed before the client had written the run's record."""


@dataclass
class OfflineLog:
    """A ``.wandb`` file.

    Attributes:
        run: ``ENTITY/PROJECT/RUN`` that it goes to.
        identity: MD5 of the run's record, which holds the id and the start time; it stays the same if the file grows.
        started: seconds and nanoseconds since 1970.
        resumes: whether it goes on with what the server has of the run; else it replaces that.
        count: number of whole records.
        opening: number of the run's record.
        exit: number of the record that ends the run, or None.
        artifacts: what it logs, by the number of the record.
        flaw: where and how the file ends too early, or None.
        damaged: whether bytes were changed, not only missing at the end as after a killed script.
    """

    path: Path
    run: str = ""
    identity: str = ""
    started: tuple[int, int] = (0, 0)
    resumes: bool = False
    count: int = 0
    opening: int = 0
    exit: int | None = None
    artifacts: dict[int, LoggedArtifact] = field(default_factory=dict)
    flaw: str | None = None
    damaged: bool = False


def read_log(path: Path) -> OfflineLog:
    """Check every checksum of a ``.wandb`` file, and read the fields that an import needs.

    Raises:
        EmptyLogError: it ends before the run's record.
        DamagedLogError: not such a file, or the name of the run cannot be read.
        OSError: the file cannot be read.
    """
    log = OfflineLog(path)
    try:
        for record in read_records(path):
            _note(log, record)
            log.count += 1
    except EOFError as error:
        log.flaw = str(error)
    except DamagedLogError:
        raise
    except ValueError as error:
        log.flaw, log.damaged = str(error), True
    if log.damaged and not log.run:
        raise DamagedLogError(f"{path}: the file has no run: it {log.flaw}")
    if not log.run:
        raise EmptyLogError(f"{path}: the file has no run; the script ended before the client wrote anything")
    return log


def _note(log: OfflineLog, record: bytes) -> None:
    found = dict(fields(record))
    if _RUN in found and not log.run:
        run = dict(fields(found[_RUN]))
        names = [run.get(number, b"").decode() for number in (_ENTITY, _PROJECT, _RUN_ID)]
        log.run = f"{names[0] or DEFAULT_ENTITY}/{names[1] or DEFAULT_PROJECT}/{names[2]}"
        moment = dict(fields(run.get(_STARTED, b"")))
        log.started = (moment.get(1, 0), moment.get(2, 0))
        log.resumes = bool(run.get(_RESUME))
        log.identity, log.opening = hashlib.md5(record, usedforsecurity=False).hexdigest(), log.count
    elif _EXIT in found:
        log.exit = log.count
    elif _ARTIFACT in found:
        log.artifacts[log.count] = logged_artifact(found[_ARTIFACT])


def resuming(run_record: bytes) -> bytes:
    """The record of a run, changed so that it resumes the run on the server. (A repeated field is merged.)"""
    return run_record + b"\x8a\x01\x03\xc0\x01\x01"  # field _RUN, 3 bytes: field _RESUME, true


def read_records(path: Path) -> Iterator[bytes]:
    """The complete records of a ``.wandb`` file, in order.

    Raises:
        EOFError: after the last one, where the file ends in the middle of another.
        ValueError: where bytes were changed; or, as a DamagedLogError, this is not such a file.
    """
    record, started = b"", None
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise DamagedLogError(
                f"{path}: this is not a .wandb file: its first bytes are not those of W&B's log, version 0"
            )
        for at, kind, data in _chunks(file):
            begins = kind in (_WHOLE, _FIRST)
            if begins != (started is None):
                raise ValueError(f"is damaged at byte {at} of {file.seek(0, 2)}")
            record, started = (data, at) if begins else (record + data, started)
            if kind in (_WHOLE, _LAST):
                yield record
                started = None
    if started is not None:
        raise EOFError(f"ends in the middle of a record, at byte {started}")


def _chunks(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
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
            raise ValueError(f"is damaged at byte {at} of {file.seek(0, 2)}")
        yield at, kind, data


def write_log(path: Path, records: Iterable[bytes]) -> None:
    """Write records as a ``.wandb`` file."""
    with path.open("wb") as file:
        file.write(_HEADER)
        for record in records:
            _write_record(file, record)


def _write_record(file: BinaryIO, record: bytes) -> None:
    done, first = 0, True
    while first or done < len(record):
        left = _BLOCK - file.tell() % _BLOCK
        if left < _CHUNK.size:
            file.write(bytes(left))
            continue
        data = record[done : done + left - _CHUNK.size]
        done += len(data)
        last = done == len(record)
        kind = (_WHOLE if last else _FIRST) if first else (_LAST if last else _MIDDLE)
        file.write(_CHUNK.pack(zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind) + data)
        first = False
