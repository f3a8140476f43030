"""``gc`` beside writers: it takes turns with them, and leaves what has come into use meanwhile."""

import hashlib
import threading

import pytest

from wandb_local import maintenance
from wandb_local.maintenance import collect_garbage
from wandb_local.server import open_services
from wandb_local.store.folder import DataFolder

BLOBS = 1000


@pytest.fixture
def services(tmp_path):
    """Stores with many blobs that nothing refers to, and half as many files that no record knows."""
    opened = open_services(DataFolder(tmp_path))
    digests = [hashlib.md5(str(number).encode()).hexdigest() for number in range(BLOBS + BLOBS // 2)]
    for md5 in digests:
        path = opened.blobs.path(md5)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    with opened.db.write() as connection:
        connection.executemany("INSERT INTO blobs VALUES (?, 1, 0)", [(md5,) for md5 in digests[:BLOBS]])
        connection.execute("INSERT INTO projects (id, entity, name, created_at) VALUES (1, 'local', 'p', 0)")
    yield opened
    opened.close()


def test_writers_have_their_turns_while_many_blobs_are_deleted(services, monkeypatch):
    monkeypatch.setattr(maintenance, "_TURN", 0.001)
    left, done = [], threading.Event()

    def write():
        while not done.is_set():
            with services.db.write() as connection:
                connection.execute("UPDATE projects SET created_at = created_at + 1")
                left.append(services.db.value("SELECT count(*) FROM blobs"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = collect_garbage(services, 0)
    finally:
        done.set()
        writer.join()
    assert found == {"uploads": 0, "versions": 0, "expired": 0, "blobs": 1500, "bytes": 1500}
    assert len({number for number in left if 0 < number < BLOBS}) > 2
    assert [path for path in services.blobs.path("0" * 32).parent.parent.glob("*/*") if path.is_file()] == []


def test_a_blob_that_comes_into_use_before_its_turn_stays(services):
    useless = maintenance._useless(services, 1)
    used = services.blobs.keep_bytes(b"stray")  # what lay there was no blob yet
    touched = next(iter(useless))
    assert services.blobs.keep_bytes(b"x" * 3) not in useless
    with services.db.write() as connection:
        connection.execute("UPDATE blobs SET touched_at = 5 WHERE md5 = ?", (touched,))
    deleted = maintenance._delete(services, {**useless, used: 5}, 1)
    assert deleted.keys() == useless.keys() - {touched}
    assert services.blobs.path(used).read_bytes() == b"stray"
    assert services.blobs.path(touched).is_file()


def test_what_would_be_deleted_is_counted(services):
    assert collect_garbage(services, 0, dry_run=True)["blobs"] == 1500
    assert services.db.value("SELECT count(*) FROM blobs") == BLOBS
    assert collect_garbage(services, 1e10) == {"uploads": 0, "versions": 0, "expired": 0, "blobs": 0, "bytes": 0}
