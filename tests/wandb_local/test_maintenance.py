"""``gc`` beside writers: it takes turns with them, and leaves what has come into use meanwhile."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from wandb_local import maintenance
from wandb_local.clock import now
from wandb_local.maintenance import collect_garbage
from wandb_local.records.artifacts import lifetime
from wandb_local.records.artifacts.collections import set_aliases
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


def add_versions(services, many, files):
    """Versions that were begun and not ended, as many whose time is over, with so many files, and one that stays."""
    with services.db.write() as connection:
        connection.execute("INSERT INTO artifact_types (id, project_id, name, created_at) VALUES (1, 1, 't', 0)")
        names = "id, project_id, type_id, name, portfolio, created_at, updated_at"
        connection.execute(f"INSERT INTO collections ({names}) VALUES (1, 1, 1, 'c', 0, 0, 0)")
        for number in range(1, 2 * many + 2):
            state, ttl = "PENDING" if number <= many else "COMMITTED", 1 if number <= 2 * many else -1
            names = "id, collection_id, digest, state, version, ttl, created_at, updated_at"
            connection.execute(
                f"INSERT INTO artifacts ({names}) VALUES (?1, 1, ?1, ?2, ?1, ?3, 0, 0)", (number, state, ttl)
            )
            if state == "COMMITTED":
                names = "collection_id, artifact_id, version, created_at"
                connection.execute(f"INSERT INTO memberships ({names}) VALUES (1, ?1, ?1, 0)", (number,))
                rows = [(number, str(place)) for place in range(files)]
                connection.executemany("INSERT INTO artifact_files VALUES (?, ?, NULL, 'elsewhere', 1)", rows)


def seen_beside(services, work, count):
    """What writers that come again and again while something works find by a query; and what that gives."""
    left, done = [], threading.Event()

    def write():
        while not done.is_set():
            with services.db.write() as connection:
                connection.execute("UPDATE projects SET created_at = created_at + 1")
                left.append(services.db.value(count))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return left, work()
    finally:
        done.set()
        writer.join()


def test_writers_have_their_turns_while_many_blobs_are_deleted(services, monkeypatch):
    monkeypatch.setattr(maintenance, "_TURN", 0.001)
    left, found = seen_beside(services, lambda: collect_garbage(services, 0), "SELECT count(*) FROM blobs")
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


@pytest.mark.parametrize(("many", "files"), [(1000, 2), (1, 20_000)])
def test_writers_have_their_turns_while_versions_are_deleted(services, monkeypatch, many, files):
    monkeypatch.setattr(maintenance, "_TURN", 0.001)
    add_versions(services, many, files)
    table = "artifacts" if many > 1 else "artifact_files"
    left, found = seen_beside(services, lambda: collect_garbage(services, 0), f"SELECT count(*) FROM {table}")
    assert (found["versions"], found["expired"]) == (many, many)
    assert len(set(left)) > 5
    assert [tuple(row) for row in services.db.rows("SELECT id, state FROM artifacts")] == [(2 * many + 1, "COMMITTED")]
    assert services.db.value("SELECT count(*) FROM artifact_files") == files


def test_a_version_that_a_kill_has_left_half_deleted_is_not_found_and_goes_next_time(services):
    add_versions(services, 1, 20_000)
    with services.db.write() as connection:
        assert not lifetime.delete_piece(connection, 2, 1, now())
    assert services.db.value("SELECT count(*) FROM memberships WHERE artifact_id = 2") == 0
    assert collect_garbage(services, 0)["versions"] == 2
    assert [row["id"] for row in services.db.rows("SELECT id FROM artifacts")] == [3]


def test_a_version_that_comes_into_use_before_its_turn_stays(services):
    add_versions(services, 1, 1)
    assert lifetime.versions_over(services.db, 1, now()) == {1: False, 2: True}
    with services.db.write() as connection:
        place = connection.execute("SELECT id FROM memberships WHERE artifact_id = 2").fetchone()["id"]
        set_aliases(connection, 1, place, ["best"])
        connection.execute("UPDATE artifacts SET updated_at = 5 WHERE id = 1")
    maintenance._delete_versions(services, [1, 2], 1, now())
    assert services.db.value("SELECT count(*) FROM artifacts WHERE state != 'DELETED'") == 3


def test_what_would_be_deleted_is_counted_beside_a_writer(services):
    add_versions(services, 10, 1)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(services.db.value, "SELECT 1").result()  # a thread's first word opens its connection
        with services.db.write():
            found = threads.submit(collect_garbage, services, 0, dry_run=True).result(60)
    assert (found["versions"], found["expired"], found["blobs"]) == (10, 10, 1500)
    assert services.db.value("SELECT count(*) FROM artifacts") == 21
