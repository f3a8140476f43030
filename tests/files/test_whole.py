"""Files appear whole or not at all."""

import errno
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from files.whole import replacing, write_whole

ROOT = str(Path(__file__).parents[2])


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    for text in ("old", "new"):
        with replacing(path) as temporary:
            assert (temporary.suffix, temporary.parent) == (".txt", path.parent)
            temporary.write_text(text)
        assert path.read_text() == text
    with pytest.raises(RuntimeError, match="cut"), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("cut")
    assert path.read_text() == "new"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("content", ["süß\r\n", "süß\r\n".encode()])
def test_text_is_written_in_utf_8_as_it_stands(tmp_path, content):
    write_whole(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == "süß\r\n".encode()


def test_an_error_without_a_file_is_that_of_the_file_which_was_written(tmp_path):
    with (
        pytest.raises(OSError, match=r"file: cannot be written \(no space left\); the previous file, if any, is kept"),
        replacing(tmp_path / "file"),
    ):
        raise OSError(errno.ENOSPC, "no space left")
    with pytest.raises(OSError, match=r"^not a video$"), replacing(tmp_path / "file"):
        raise OSError("not a video")
    with pytest.raises(FileNotFoundError, match="other"), replacing(tmp_path / "file"):
        (tmp_path / "other").read_text()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_named_and_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))  # no file may grow past that, as on a full disk
    try:
        with pytest.raises(OSError, match=r"file: cannot be written \(File too large\)"):
            write_whole(path, b"a" * 300_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from files.whole import write_whole
for letter in b"abcdefgh" * 10_000:
    write_whole(Path("file"), bytes([letter]) * 3_000_000)
"""


@pytest.mark.soak
def test_a_kill_at_any_moment_leaves_one_whole_file(tmp_path):
    write_whole(tmp_path / "file", b"a" * 3_000_000)
    for attempt in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, ROOT], cwd=tmp_path)
        before = (tmp_path / "file").stat().st_mtime_ns
        while (tmp_path / "file").stat().st_mtime_ns == before:
            time.sleep(0.01)
        time.sleep(0.017 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        content = (tmp_path / "file").read_bytes()
        assert len(content) == 3_000_000
        assert content == content[:1] * 3_000_000


def test_a_leftover_of_a_killed_write_is_overwritten(tmp_path):
    (tmp_path / ".file.tmp").write_text("half")
    write_whole(tmp_path / "file", "whole")
    assert (tmp_path / "file").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_cannot_be_made_is_told_with_the_file_and_the_fix(tmp_path):
    path = tmp_path / ("x" * 300) / "file"
    with pytest.raises(OSError, match=r"/file: cannot be written \(File name too long\); give a place that can be"):
        write_whole(path, "a")


def test_a_file_that_cannot_even_be_made_is_told_by_its_own_name(tmp_path):
    path = tmp_path / ("x" * 252)  # with what the temporary name adds, it is too long
    with pytest.raises(OSError, match=r"/x{252}: cannot be written \(File name too long\)") as error:
        write_whole(path, "a")
    assert ".tmp" not in str(error.value)


def test_a_full_disk_is_told_with_the_fix(tmp_path):
    with pytest.raises(OSError, match=r"is kept; make room on that disk$"), replacing(tmp_path / "file"):
        raise OSError(errno.ENOSPC, "No space left on device")
