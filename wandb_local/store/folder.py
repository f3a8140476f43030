"""The data folder: its place, its content, and a lock so that only one server uses it."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wandb_local.errors import FolderInUseError


def default_folder() -> Path:
    """The platform's folder for this user's data."""
    import platformdirs  # whoever lacks it is told so by the command line

    return Path(platformdirs.user_data_dir("wandb_local", appauthor=False))


@dataclass(frozen=True)
class Announced:
    """The announcement of a running server; its users stop a server that was started on demand."""

    url: str
    pid: int
    on_demand: bool


_OURS = {  # what may lie there before the records
    *("api_key", "awake", "blobs", "damaged", "imported", "lock", "server.json", "sessions.json", "signing_secret"),
    *("starting", "uploads", "users"),
}


class DataFolder:
    """Paths of one data folder. Nothing is made or changed before ``prepare``, which a server calls; the API key and
    the signing secret are made when first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.database = self.root / "records.sqlite3"
        self.blobs = self.root / "blobs"
        self.uploads = self.root / "uploads"
        self.imported = self.root / "imported"
        self.key_file = self.root / "api_key"
        self._address = self.root / "server.json"
        self._awake = self.root / "awake"
        self._locks: list[int] = []
        self._announced: IO[str] | None = None

    def prepare(self) -> None:
        """Make the folder, readable by its owner alone, and what lies in it.

        Raises:
            ValueError: something else lies there, such as a data set.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        others = (path.name for path in self.root.iterdir() if path.name not in _OURS)
        if not self.database.exists() and not all(name.startswith(".") or name.endswith("log") for name in others):
            raise ValueError(
                f"{self.root}: the folder holds other files than a server's data; give another folder as --data"
            )
        self.root.chmod(0o700)
        for folder in (self.blobs, self.uploads, self.imported):
            folder.mkdir(exist_ok=True)

    def blob(self, md5: str) -> Path:
        """The path of the blob with a digest."""
        return self.blobs / md5[:2] / md5[2:]

    def sweep_temporaries(self) -> None:
        """Delete what interrupted uploads left behind; call it only while nothing is being uploaded."""
        for path in self.uploads.glob("tmp-*"):
            path.unlink(missing_ok=True)

    def check(self) -> None:
        """Whether a server has stored anything here.

        Raises:
            ValueError: none has.
        """
        if not self.database.is_file():
            raise ValueError(f"{self.root}: there is no data folder here; give the right one as --data")

    @property
    def api_key(self) -> str:
        """The one key of this server: 40 hexadecimal characters, readable by the owner alone.

        Raises:
            ValueError: the file has less, so that anybody could guess it.
        """
        return _secret(self.key_file, 20)

    @property
    def signing_secret(self) -> bytes:
        """The key of the signatures in upload and download URLs."""
        return bytes.fromhex(_secret(self.root / "signing_secret", 32))

    def lock(self) -> None:
        """Take the folder for this process, until it ends or calls ``unlock``.

        Raises:
            FolderInUseError: another process has it.
        """
        self.prepare()
        (self.root / "lock").touch(0o600)
        for place in (self.root, self.root / "lock"):  # the file alone could be removed, made anew and locked again
            self._locks.append(os.open(place, os.O_RDONLY))
            try:
                fcntl.flock(self._locks[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._let_go()
                raise FolderInUseError(
                    f"{self.root}: the data folder is in use by another server ({self.address() or 'address unknown'})"
                ) from None
            except OSError:  # some network file systems lock files alone
                if place != self.root:
                    self._let_go()
                    raise
        self._address.unlink(missing_ok=True)

    def _let_go(self) -> None:
        for descriptor in self._locks:
            os.close(descriptor)
        self._locks.clear()

    def unlock(self) -> None:
        """Give the folder back."""
        if self._locks:
            self._address.unlink(missing_ok=True)
            if self._announced is not None:
                self._announced.close()
            self._announced = None
            self._let_go()

    def note_awake(self) -> None:
        """Leave the time for the server that runs next: this one is awake."""
        with contextlib.suppress(OSError):  # a full disk: what is lost is some patience with silent runs
            self._awake.touch()
            os.utime(self._awake, (time.time(),) * 2)  # by our own clock, not by that of a file server

    def last_awake(self) -> float | None:
        """The time when a server was last awake, in seconds since 1970; None if it is not recorded."""
        return self._awake.stat().st_mtime if self._awake.exists() else None

    def announce(self, url: str, on_demand: bool = False) -> None:
        """Leave the running server's address for ``exec`` and ``status``. The file is locked while the server lives."""
        write_private(self._address, json.dumps({"url": url, "pid": os.getpid(), "on_demand": on_demand}))
        self._announced = self._address.open("r+")
        fcntl.flock(self._announced, fcntl.LOCK_EX)  # waits for no longer than somebody looks whether it is locked

    def announced(self) -> Announced | None:
        """What the running server has announced. None if none runs, also when one has died and left its file: by now
        anybody may listen at that address."""
        try:
            with self._address.open() as handle:
                return Announced(**json.loads(handle.read())) if _is_locked(handle) else None
        except (OSError, ValueError, TypeError):
            return None

    def address(self) -> str | None:
        """The URL that the running server has announced, or None."""
        found = self.announced()
        return None if found is None else found.url


def _is_locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: readers see the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def _secret(path: Path, size: int) -> str:
    if not path.exists():
        write_private(path, secrets.token_hex(size) + "\n")
    text = path.read_text().strip()
    if len(text) < 2 * size:
        need = f"the file has {len(text)} characters, and {2 * size} are needed"
        raise ValueError(f"{path}: {need}; delete the file, and the server makes a new one")
    return text
