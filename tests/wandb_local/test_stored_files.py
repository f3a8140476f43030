"""Which files of an artifact are sent, kept and sent again."""

import contextlib
import hashlib
import secrets
import sqlite3
import urllib.error

import pytest
import wandb

from tests.wandb_local.test_artifacts import contents, log

pytestmark = pytest.mark.usefixtures("server")


@pytest.mark.soak
def test_cold_download_in_a_new_process_verifies(project, run_client, tmp_path):
    files = {f"folder {number}/file-{number}%.txt": f"text {number}" for number in range(20)}
    with wandb.init(project=project) as run:
        log(run, "data", files)
    code = f"""
import wandb
with wandb.init(project={project!r}, id="user") as run:
    artifact = run.use_artifact("data:latest", use_as="training set")
    folder = artifact.download(root="fetched")
    artifact.verify(root=folder)
"""
    run_client(code=code, WANDB_CACHE_DIR=str(tmp_path / "cold"))
    assert contents(tmp_path / "fetched") == files


def test_references_to_files_and_to_other_artifacts(run_client, project, tmp_path):
    (tmp_path / "outside.txt").write_text("outside")
    with wandb.init(project=project) as run:
        base = log(run, "base", {"a.txt": "1"})
        artifact = wandb.Artifact("refs", "dataset")
        artifact.add_reference((tmp_path / "outside.txt").as_uri())
        artifact.add_reference(base.get_entry("a.txt").ref_url(), name="inner.txt")
        run.log_artifact(artifact).wait()
    code = f"import wandb; wandb.Api().artifact('local/{project}/refs:v0').download(root='fetched')"
    run_client(code=code, WANDB_CACHE_DIR=str(tmp_path / "cold"))
    assert contents(tmp_path / "fetched") == {"outside.txt": "outside", "inner.txt": "1"}


def test_files_that_are_stored_are_not_sent_again(server, project):
    text = secrets.token_hex(16)
    md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": text})
        blob = server.data / "blobs" / md5[:2] / md5[2:]
        before = blob.stat().st_mtime_ns, blob.stat().st_ino
        log(run, "other", {"b.txt": text})
    assert (blob.stat().st_mtime_ns, blob.stat().st_ino) == before


def blob_of(server, data):
    digest = hashlib.md5(data).hexdigest()
    return server.data / "blobs" / digest[:2] / digest[2:]


@pytest.mark.parametrize(
    ("name", "damage"),
    [("data", b""), ("other", b""), ("data", b"x" * 80_000)],
    ids=["the same version again", "a version beside it", "longer"],
)
def test_a_file_that_was_damaged_on_the_disk_is_sent_again(server, project, tmp_path, name, damage):
    text = f"{project} {name}" * 1000
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": text, "b.txt": "b"})
        blob = blob_of(server, text.encode())
        blob.write_bytes(damage)
        again = log(run, name, {"a.txt": text, "b.txt": "b"})
    assert again.version == "v0"
    assert blob.read_text() == text
    folder = wandb.Api().artifact(f"local/{project}/data:v0").download(root=str(tmp_path / "data"))
    assert (tmp_path / "data" / "a.txt").read_text() == text, folder


def test_small_files_are_sent_again_if_their_bytes_have_changed(server, project):
    text = f"{project} is small"
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": text})
        blob_of(server, text.encode()).write_text("X" * len(text))
        log(run, "other", {"a.txt": text})
    assert blob_of(server, text.encode()).read_text() == text


def test_a_damaged_manifest_is_replaced_when_its_version_is_logged_again(server, project, tmp_path):
    with wandb.init(project=project) as run:
        logged = log(run, "data", {"a.txt": project})
        with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records:
            sql = "SELECT md5 FROM manifests JOIN artifacts ON artifacts.id = artifact_id"
            sql += " WHERE artifacts.digest = ? AND md5 IS NOT NULL"
            (md5,) = records.execute(sql, (logged.digest,)).fetchone()
        (server.data / "blobs" / md5[:2] / md5[2:]).write_bytes(b"{")
        assert log(run, "data", {"a.txt": project}).version == "v0"
    wandb.Api().artifact(f"local/{project}/data:v0").download(root=str(tmp_path / "data"))
    assert contents(tmp_path / "data") == {"a.txt": project}


def test_the_manifest_of_a_complete_version_cannot_change(server, project):
    with wandb.init(project=project) as run:
        logged = log(run, "data", {"a.txt": project})
    create = """mutation($a:ID!){createArtifactManifest(input:{artifactID:$a,name:"wandb_manifest.json",digest:"",
        entityName:"local",projectName:"x",type:FULL}){artifactManifest{id}}}"""
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.graphql(create, a=logged.id)
    assert "the version is complete" in refused.value.read().decode()


@pytest.mark.soak
def test_five_thousand_small_files(project, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(5000):
        (source / f"{number}.txt").write_text(f"text {number}")
    with wandb.init(project=project) as run:
        artifact = wandb.Artifact("many", "dataset")
        artifact.add_dir(str(source))
        run.log_artifact(artifact).wait()
    version = wandb.Api().artifact(f"local/{project}/many:v0")
    assert version.file_count == 5000
    version.verify(root=version.download(root=str(tmp_path / "fetched"), skip_cache=True))
