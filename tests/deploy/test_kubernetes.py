"""The manifests against the schemas of the Kubernetes API, strictly: an unknown field is an error."""

import copy
import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ["1.31", "1.33", "1.37"]


def documents(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


@pytest.fixture(scope="module")
def job():
    (job,) = documents("agents.yaml")
    return job


@pytest.fixture(scope="module")
def pod(job):
    return job["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_manifests_fit_the_schema(name, version):
    for document in documents(name):
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize(
    "change",
    [{"completionsMode": "Indexed"}, {"parallelism": "four"}, {"template": {"spec": {"restartPolicy": "Never"}}}],
)
def test_the_schema_finds_faults(job, change):
    faulty = copy.deepcopy(job)
    faulty["spec"] |= change
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(faulty, VERSIONS[-1], strict=True)


def test_a_pod_is_one_run_of_the_sweep(job, pod):
    (container,) = pod["containers"]
    assert container["command"] == ["wandb", "agent", "--count", "1", "$(SWEEP)"]
    assert job["spec"]["completionMode"] == "Indexed"  # what backoffLimitPerIndex needs
    assert pod["restartPolicy"] == "Never"  # what podFailurePolicy needs


def test_volumes_and_mounts_belong_together(pod):
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    (claim,) = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    (cache,) = documents("cache.yaml")
    assert claim["claimName"] == cache["metadata"]["name"]
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    assert variables["XDG_CACHE_HOME"] == places["cache"]
    assert variables["WANDB_ARTIFACT_DIR"].startswith(places["cache"])


def test_the_image_is_what_the_job_expects(pod):
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    (container,) = pod["containers"]
    assert f"WORKDIR {container['workingDir']}\n" in dockerfile
    assert f"--uid {pod['securityContext']['runAsUser']} " in dockerfile
    assert "install --directory --owner=agent /app\n" in dockerfile.partition("WORKDIR")[0]  # WORKDIR makes it root's
    (extras,) = re.findall(r'--editable "\.\[(\w+)]"', dockerfile)
    assert extras in (ROOT / "pyproject.toml").read_text()


def test_the_key_comes_from_the_secret_alone(pod):
    (container,) = pod["containers"]
    assert {"secretRef": {"name": "wandb"}} in container["envFrom"]
    assert not [variable for variable in container["env"] if "KEY" in variable["name"]]
    for path in (ROOT / "deploy").rglob("*"):
        text = path.read_text() if path.is_file() else ""
        assert not re.search(r"\b[0-9a-f]{40}\b|\b[A-Za-z0-9]{60,}\b", text), path
        for line in re.findall(r".*WANDB_API_KEY\s*[:=].*", text):
            assert re.search(r"=(\.\.\.|\"\$WANDB_API_KEY\")", line), f"{path}: {line}"


def test_the_readme_names_what_is_there():
    text = (ROOT / "deploy" / "README.md").read_text()
    named = set(re.findall(r"deploy/[\w./-]+\w", text))
    assert named
    assert all((ROOT / path).exists() for path in named)
    there = {f"deploy/{path.relative_to(ROOT / 'deploy')}" for path in (ROOT / "deploy").rglob("*") if path.is_file()}
    assert there - named == {"deploy/README.md", "deploy/Dockerfile.dockerignore"}
