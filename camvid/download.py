"""Downloads fastai's copy of CamVid (701 frames of 720x960 with index masks, 0.6 GB)."""

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
TIMEOUT = 30  # longest time without a byte, in seconds
MOST_BYTES = 32 << 30  # largest size of an unpacked archive; fastai's has 0.6 GB
MOST_FILES = 200_000
HOSTED_SIZE = (
    598_913_237  # bytes of fastai's copy; below, the MD5 of its first megabyte. Source: fastai's download_checks
)
HOSTED_MD5 = "648371e4f3a833682afb39b08a3ce2aa"


class DownloadError(ValueError):
    """The download failed or is damaged. The message names the address, the reason and what to do instead."""


def download(out: str | Path, url: str | None = None) -> Scan:
    """Download, verify and unpack an archive of CamVid. `out` appears complete by one rename, or not at all.

    Args:
        out: the folder to make. It must not exist, or it must be empty.
        url: https://, http:// or file:// address of a .tgz in any of the layouts. None takes fastai's copy, whose
            size and checksum are known.

    Returns:
        The pairs in `out`.

    Raises:
        DownloadError: no network, a damaged archive, or an archive without CamVid.
        FileExistsError: `out` exists and is not empty.
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
            f"cannot download {url}: {error}. Without a network: download this file on another machine and pass "
            "`--url file:///path/to/camvid.tgz`; or pass your own CamVid with `--data ROOT` (layouts original, fastai, "
            "segnet, kaggle); or draw scenes with `python -m camvid synth OUT`"
        ) from error


def _hosted() -> str:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)  # fastai does so at import
        from fastai.data.external import URLs  # here, because it imports torch, which takes seconds

    return str(URLs.CAMVID)


def _verify(archive: Path, url: str, hosted: bool) -> None:
    """Checks size and MD5 of fastai's copy, and of any archive the checksum at the end of its gzip stream."""
    if hosted:
        with archive.open("rb") as file:
            found = (archive.stat().st_size, hashlib.md5(file.read(CHUNK), usedforsecurity=False).hexdigest())
        if found != (HOSTED_SIZE, HOSTED_MD5):
            raise DownloadError(
                f"{url}: got {found[0]} bytes, MD5 {found[1]}; expected {HOSTED_SIZE}, {HOSTED_MD5}; try again"
            )
    try:
        with gzip.open(archive) as stream:
            while stream.read(CHUNK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise DownloadError(f"{url}: this .tgz archive is damaged: {error}; download it again") from error


def _unpack(archive: Path, content: Path, url: str) -> None:
    """Unpacks only plain files and folders. Without links, a name without ``..`` cannot lead out of `content`. Python's
    own filter follows links, and a crafted archive could write elsewhere (CVE-2025-4517)."""
    content.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as tar:
            size = 0
            for count, member in enumerate(tqdm(tar, "unpacking", unit="file", disable=None), 1):
                path = content / _checked(member)
                size += member.size  # the stated size, which a sparse file does not take on the disk
                if size > MOST_BYTES or count > MOST_FILES:
                    raise tarfile.ExtractError(f"it holds more than {MOST_BYTES >> 30} GiB or {MOST_FILES} files")
                (path if member.isdir() else path.parent).mkdir(parents=True, exist_ok=True)
                if (source := tar.extractfile(member)) is not None:
                    with source, path.open("wb") as file:
                        shutil.copyfileobj(source, file, CHUNK)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise DownloadError(f"{url}: refused to unpack: {error}") from error


def _checked(member: tarfile.TarInfo) -> PurePosixPath:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise tarfile.ExtractError(f"{member.name!r} leads out of the folder")
    if not (member.isreg() or member.isdir()):
        raise tarfile.ExtractError(f"{member.name!r} is a link or a device; CamVid has only files and folders")
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
    reason = reasons[0].partition(". `python")[0]  # this command is for a folder that exists
    raise DownloadError(f"{url}: there is no CamVid in this archive; {reason.replace(str(content), 'its top folder')}")
