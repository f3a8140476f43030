"""The audit of versions: what it asks about, and that it does not pass where nobody answers."""

import subprocess
import sys

from scripts.audit import PROJECTS, ROOT, lowest

PYPROJECT = """
[project]
dependencies = ["a>=1.2", "plain"]
[project.optional-dependencies]
more = ["b-c>=2", "d>=1.0.1"]
[dependency-groups]
dev = ["e>=0.1.8", "a>=1.2"]
"""


def test_the_lowest_versions_of_all_groups():
    assert lowest(PYPROJECT) == ["a==1.2", "b-c==2", "d==1.0.1", "e==0.1.8"]
    alone = '[project]\ndependencies = ["f>=3", "a>=1.2"]\n[dependency-groups]\ntest = []'
    assert lowest(PYPROJECT, alone) == ["a==1.2", "b-c==2", "d==1.0.1", "e==0.1.8", "f==3"]


def test_each_dependency_that_users_install_has_a_lower_bound():
    found = {pin.partition("==")[0] for pin in lowest(*(path.read_text() for path in PROJECTS))}
    assert {"starlette", "dash", "pillow", "torch", "wandb", "onnx", "accelerate"} <= found


def test_an_audit_that_could_not_be_done_fails():
    """This environment has no pip-audit."""
    command = [sys.executable, "-m", "scripts.audit"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert (
        done.stdout.splitlines()[-1]
        == "audit: an advisory was found, or the audit could not be done: as tested, lowest allowed"
    )
