"""`python -m camvid cache`: what is in the cache of decoded frames, and freeing it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from camvid.__main__ import main
from camvid.cache_entries import free, list_entries
from camvid.layouts import open_dataset
from files.amounts import byte_size
from tests.camvid.loaded import cached_frames
from tests.drawings import synth_once

SIZE = (32, 48)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "drawn"
    synth_once(root, frames=8, seed=5, layout="segnet", size=(64, 96))
    return open_dataset(root)


def make(dataset, folder, split="train", days=0.0):
    """An entry that was used last some days ago."""
    known = {entry.path for entry in list_entries(folder)}
    cached_frames(dataset, split, SIZE, folder)
    (entry,) = [entry for entry in list_entries(folder) if entry.path not in known]
    os.utime(entry.path, (time.time() - days * 86400,) * 2)
    return entry.path


def test_a_list_says_what_it_is_how_large_and_when_it_was_used(dataset, tmp_path, capsys):
    entry = make(dataset, tmp_path, days=3)
    size = sum(file.stat().st_size for file in entry.iterdir())
    assert main(["cache", "--folder", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() - 3 * 86400))
    frames = len(dataset.splits["train"])
    assert lines[0] == str(tmp_path)
    assert lines[2].split()[:3] == [*byte_size(size).split(), day]
    assert lines[2].endswith(f"{dataset.root}, train: {frames} frames at 64x96, camvid11")
    assert lines[3].split() == [*byte_size(size).split(), "in", "all"]
    assert not lines[2].lstrip().startswith("0")


def test_without_a_cache_the_list_is_empty(tmp_path, capsys):
    assert main(["cache", "--folder", str(tmp_path / "none"), "--free"]) == 0
    assert "entries freed: 0 (0 bytes)" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_freed_by_age_or_all(dataset, tmp_path, capsys):
    old, new = make(dataset, tmp_path, "train", days=31), make(dataset, tmp_path, "val", days=1)
    assert main(["cache", "--folder", str(tmp_path), "--free", "30"]) == 0
    assert "entries freed: 1 (" in capsys.readouterr().out
    assert (old.exists(), new.exists()) == (False, True)
    (tmp_path / ".unfinished-abc").mkdir()  # of a process that died
    assert [entry.path for entry in free(tmp_path)] == [new]
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_what_is_in_use_is_never_freed(dataset, tmp_path, capsys):
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    assert free(tmp_path) == []
    assert main(["cache", "--folder", str(tmp_path)]) == 0
    assert "in use now" in capsys.readouterr().out
    assert len(cache) == len(dataset.splits["train"])
    del cache
    assert len(free(tmp_path)) == 1


@pytest.mark.soak
def test_another_process_that_uses_an_entry_is_heeded_until_it_dies(dataset, tmp_path):
    make(dataset, tmp_path)
    code = """
import sys, time
from pathlib import Path
from camvid.frames import training_frames
from camvid.layouts import open_dataset
cache = training_frames(open_dataset(Path(sys.argv[1])), "train", (32, 48), Path(sys.argv[2]))
print("on", flush=True)
time.sleep(60)
"""
    words = [sys.executable, "-c", code, str(dataset.root), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        assert free(tmp_path) == []
        process.kill()
        process.wait()
    assert len(free(tmp_path)) == 1


def test_an_entry_of_an_earlier_version_is_shown_by_its_name(dataset, tmp_path):
    entry = make(dataset, tmp_path)
    (entry / "about.json").unlink()
    assert [found.about for found in list_entries(tmp_path)] == [""]
    assert len(cached_frames(dataset, "train", SIZE, tmp_path)) == len(dataset.splits["train"])


@pytest.mark.parametrize("days", ["-1", "many", "nan"])
def test_an_impossible_age_is_refused(days, capsys):
    with pytest.raises(SystemExit):
        main(["cache", f"--free={days}"])
    assert "--free" in capsys.readouterr().err
