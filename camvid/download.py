"""Fetching fastai's hosted copy of CamVid (701 frames of 720x960 with index masks, 0.6 GB)."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import warnings
import zlib
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from camvid.folders import new_folder
from camvid.layouts import Scan, scan_layout

CHUNK = 1 << 20
TIMEOUT = 30  # seconds without a byte
MOST_BYTES = 32 << 30  # that an archive may unpack to; the hosted one has 0.6 GB
MOST_FILES = 200_000
HOSTED_SIZE = 598_913_237  # bytes of fastai's copy, and MD5 of its first megabyte, as fastai's download_checks has them
HOSTED_MD5 = "648371e4f3a833682afb39b08a3ce2aa"


class DownloadError(ValueError):
    """The copy could not be fetched or is not whole; the message names the address, the reason and the ways out."""


def download(out: str | Path, url: str | None = None) -> Scan:
    """Fetch, verify and unpack an archive of CamVid; `out` appears whole by one rename, or not at all.

    Args:
        out: the folder to make; it must not exist, or be empty.
        url: https://, http:// or file:// address of a .tgz in any of the layouts; None for fastai's copy, whose
            size and checksum are known.

    Returns:
        What lies in `out`.

    Raises:
        DownloadError: no network, a damaged archive, or one without CamVid in it.
        FileExistsError: `out` is there and not empty.
    """
    out = Path(out)
    hosted = url is None
    with new_folder(out) as folder, tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=folder.parent) as work:
        archive, content = Path(work, "archive.tgz"), Path(work, "content")
        url = url or _hosted()
        _fetch(url, archive)
        _verify(archive, url, hosted)
        _unpack(archive, content, url)
        folder.rmdir()
        _root(content, url).rename(folder)
    return scan_layout(out)


def _fetch(url: str, archive: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, archive.open("wb") as file:
            size = response.headers.get("Content-Length")
            total = int(size) if size else None
            with tqdm(desc="downloading", total=total, unit="B", unit_scale=True, disable=None) as bar:
                while chunk := response.read(CHUNK):
                    bar.update(file.write(chunk))
            if total is not None and file.tell() != total:
                raise OSError(f"the connection ended after {file.tell()} of {total} bytes")
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise DownloadError(
            f"cannot download {url}: {error}. Without a network: fetch that file on another machine and give "
            "`--url file:///path/to/camvid.tgz`; or give your own CamVid with `--data ROOT` (layouts original, fastai, "
            "segnet, kaggle); or draw scenes with `python -m camvid synth OUT`"
        ) from error


def _hosted() -> str:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)  # fastai scripts at import
        from fastai.data.external import URLs  # imports torch: seconds that the other commands need not pay

    return str(URLs.CAMVID)


def _verify(archive: Path, url: str, hosted: bool) -> None:
    """The hosted copy is the one known; any archive is whole by the checksum at the end of its gzip stream."""
    if hosted:
        with archive.open("rb") as file:
            found = (archive.stat().st_size, hashlib.md5(file.read(CHUNK), usedforsecurity=False).hexdigest())
        if found != (HOSTED_SIZE, HOSTED_MD5):
            raise DownloadError(
                f"{url}: got {found[0]} bytes, MD5 {found[1]}; {HOSTED_SIZE}, {HOSTED_MD5} expected; try again"
            )
    try:
        with gzip.open(archive) as stream:
            while stream.read(CHUNK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise DownloadError(f"{url}: not a whole .tgz archive: {error}; fetch it again") from error


def _unpack(archive: Path, content: Path, url: str) -> None:
    """Plain files and folders alone: where there are no links, no name without ``..`` leads out of `content`. Python's
    own filter follows links, and could be led out (CVE-2025-4517)."""
    content.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as tar:
            size = 0
            for count, member in enumerate(tqdm(tar, "unpacking", unit="file", disable=None), 1):
                path = content / _checked(member)
                size += member.size  # also of what is only said to be there, as in a sparse file
                if size > MOST_BYTES or count > MOST_FILES:
                    raise tarfile.ExtractError(f"more than {MOST_BYTES >> 30} GiB, or than {MOST_FILES} files, in it")
                (path if member.isdir() else path.parent).mkdir(parents=True, exist_ok=True)
                if (source := tar.extractfile(member)) is not None:
                    with source, path.open("wb") as file:
                        shutil.copyfileobj(source, file, CHUNK)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise DownloadError(f"{url}: will not unpack: {error}") from error


def _checked(member: tarfile.TarInfo) -> PurePosixPath:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise tarfile.ExtractError(f"{member.name!r} leads out of the folder")
    if not (member.isreg() or member.isdir()):
        raise tarfile.ExtractError(f"{member.name!r} is a link or a device; CamVid is files and folders alone")
    return name


def _root(content: Path, url: str) -> Path:
    """The folder that holds CamVid: the archive's top, or a folder in it."""
    reasons = []
    for folder in (content, *sorted(path for path in content.glob("*") if path.is_dir())):
        try:
            scan_layout(folder)
        except ValueError as error:
            reasons.append(str(error))
        else:
            return folder
    reason = reasons[0].partition(". `python")[0]  # a command for a folder that is there
    raise DownloadError(f"{url}: no CamVid in this archive; {reason.replace(str(content), 'its top')}")
