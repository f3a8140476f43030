"""Digests and sizes of files that are read once, and again when they change."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camvid.layouts import content_digest, facts, open_dataset
from camvid.layouts.facts import file_facts
from tests.camvid.drawn import draw, write_segnet

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(facts, "SETTLED", 0.0)  # the files were made just now
    write_segnet(tmp_path / "data", draw())
    return open_dataset(tmp_path / "data")


def store(tmp_path):
    (path,) = (tmp_path / "cache" / "camvid-harness" / "facts").glob("[!.]*.json")
    return path


def unread(monkeypatch):
    """From now on, the paths of files whose bytes are read."""
    seen, read = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: seen.append(path) or read(path))
    return seen


def pictures(dataset):
    return sorted(path for part in dataset.splits.values() for frame in part for path in (frame.image, frame.mask))


def test_every_file_is_read_once_and_by_nobody_later(data, tmp_path, monkeypatch):
    seen = unread(monkeypatch)
    digest = content_digest(data)
    assert sorted(path for path in seen if path.suffix == ".png") == pictures(data)
    seen.clear()
    assert content_digest(open_dataset(data.root)) == digest
    assert data.sizes("train") == [(8, 12)] * 2
    assert not [path for path in seen if path.suffix == ".png"]
    shutil.rmtree(tmp_path / "cache")
    assert content_digest(data) == digest


def overwrite(path, other):
    path.write_bytes(other)


def overwrite_and_set_the_time_back(path, other):
    before = path.stat()
    path.write_bytes(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path, other):
    before = path.stat()
    new = path.with_name("new")
    new.write_bytes(other)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


@pytest.mark.parametrize("change", [overwrite, overwrite_and_set_the_time_back, replace])
def test_a_changed_file_of_the_same_length_is_noticed(data, change):
    path = data.splits["train"][0].image
    before, whole = content_digest(data), path.read_bytes()
    change(path, whole[:-1] + bytes([whole[-1] ^ 1]))
    changed = content_digest(data)
    assert changed != before
    change(path, whole)
    assert content_digest(data) == before


def test_a_file_that_changed_just_now_is_read_again(data, tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "SETTLED", 3600.0)
    content_digest(data)
    seen = unread(monkeypatch)
    content_digest(data)
    assert sorted(path for path in seen if path.suffix == ".png") == pictures(data)
    assert json.loads(store(tmp_path).read_text())["files"] == {}


def test_files_that_are_gone_are_forgotten(data, tmp_path):
    content_digest(data)
    (tmp_path / "data" / "notes.png").write_bytes(b"")
    assert file_facts(data.root, [(tmp_path / "data" / "notes.png", False)])[0].size is None
    assert len(json.loads(store(tmp_path).read_text())["files"]) == 13
    (tmp_path / "data" / "notes.png").unlink()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(data.splits["train"][0].mask)
    assert data.sizes("train") == [(4, 4), (8, 12)]
    assert len(json.loads(store(tmp_path).read_text())["files"]) == 12


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 0, "files": {"a": 1}}'])
def test_a_store_that_is_damaged_is_made_anew(data, tmp_path, text):
    digest = content_digest(data)
    store(tmp_path).write_text(text)
    assert content_digest(data) == digest
    assert len(json.loads(store(tmp_path).read_text())["files"]) == 12


def test_without_room_for_the_store_files_are_read_each_time(data, tmp_path):
    digest = content_digest(data)
    shutil.rmtree(tmp_path / "cache" / "camvid-harness")
    (tmp_path / "cache" / "camvid-harness").write_text("in the way")
    assert content_digest(data) == digest


def test_a_missing_file_is_named(data):
    path = data.splits["val"][0].mask
    path.unlink()
    with pytest.raises(ValueError, match=f"{path}: cannot be read"):
        content_digest(data)


def test_a_root_that_another_machine_alone_has_is_named(data):
    shutil.rmtree(data.root)
    with pytest.raises(ValueError, match=f"{data.root}: no such folder on this machine: .* that all of them see"):
        data.frame_size("train")


READ = """
import sys; from pathlib import Path
from camvid.layouts import facts, open_dataset
facts.SETTLED = 0.0
dataset = open_dataset(Path(sys.argv[1]))
for frame in dataset.splits[sys.argv[2]]:
    facts.file_facts(dataset.root, [(frame.image, False)])
    facts.file_facts(dataset.root, [(frame.mask, True)])
"""


def test_processes_add_to_one_store(tmp_path):
    names = {split: [f"{split}_{number}" for number in range(12)] for split in ("train", "val", "test")}
    write_segnet(tmp_path / "data", draw(names))
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    words = [sys.executable, "-c", READ, str(tmp_path / "data")]
    started = [subprocess.Popen([*words, split], cwd=CHECKOUT, env=environment) for split in names]
    whole, ended = [], threading.Event()

    def watch():
        while not ended.wait(0.001):
            for path in (tmp_path / "cache").rglob("[!.]*.json"):
                whole.append(len(json.loads(path.read_text())["files"]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    codes = [process.wait(120) for process in started]
    ended.set()
    watcher.join()
    assert codes == [0, 0, 0]
    assert whole == sorted(whole)  # never a half, never less than before
    assert len(json.loads(store(tmp_path).read_text())["files"]) == 72
