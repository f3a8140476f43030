"""What an artifact's manifest may name. (Downloads themselves are tested against a server.)"""

import os
from pathlib import Path

import pytest
import wandb
from hypothesis import given
from hypothesis import strategies as st
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb.sdk.lib.paths import LogicalPath

from artifacts import ArtifactError
from artifacts.download import default_root, download, folder_name


def manifest_with(name: str) -> wandb.Artifact:
    artifact = wandb.Artifact("hostile", type="model")
    artifact.manifest.entries[name] = ArtifactManifestEntry(path=LogicalPath(name), digest="d", size=1)
    return artifact


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "C:/x", "C:x", "..\\x", "\\\\host\\share\\x", "a\\..\\..\\x", "", ".."]
)
def test_names_that_leave_the_folder_are_refused(name, tmp_path):
    with pytest.raises(ArtifactError, match="hostile"):
        download(manifest_with(name), tmp_path / "root")
    assert not list(tmp_path.rglob("x"))


def test_a_name_that_differs_from_its_entry_is_refused(tmp_path):
    artifact = manifest_with("good")
    artifact.manifest.entries["good"] = ArtifactManifestEntry(path=LogicalPath("../x"), digest="d", size=1)
    with pytest.raises(ArtifactError, match="hostile"):
        download(artifact, tmp_path)


def test_references_to_other_places_are_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of this machine")
    artifact = wandb.Artifact("hostile", type="model")
    artifact.add_reference(f"file://{secret}", name="model.safetensors")
    with pytest.raises(ArtifactError, match=r"refers to file://"):
        download(artifact, tmp_path / "root")
    assert not (tmp_path / "root").exists()


@given(st.text(min_size=1).filter(lambda name: "/" not in name))
def test_folders_of_any_artifact_lie_below_the_root(name):
    folder = folder_name(f"{name}/{name}/{name}:v0")
    assert len(folder.parts) == 3
    assert ".." not in folder.parts
    assert not folder.is_absolute()


def test_default_root_is_never_the_package(monkeypatch):
    assert default_root() == Path(os.environ["WANDB_ARTIFACT_DIR"])
    monkeypatch.delenv("WANDB_ARTIFACT_DIR")
    assert default_root().name == "artifacts"
    assert default_root().resolve() != Path("artifacts").resolve()
