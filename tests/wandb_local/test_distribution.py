"""`wandb_local` can be installed alone, and its tests need nothing else of this repository."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import platformdirs
import pytest

from tests.wandb_local.process import ROOT

FOLDER = ROOT / "wandb_local"
SETTINGS = tomllib.loads((FOLDER / "pyproject.toml").read_text())
LEFT = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")  # by an installation
HELPERS = ("tests/client.py", "tests/browser.py", "tests/interrupted.py", "scripts/browser.py")
BUILD = """
import sys
from setuptools import build_meta
getattr(build_meta, sys.argv[1])(sys.argv[2])
"""


def build(kind, folder, out):
    """Builds a distribution of a folder as pip does, with the setuptools that is installed; its path."""
    out.mkdir()
    command = [sys.executable, "-P", "-c", BUILD, f"build_{kind}", str(out)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The folder alone, as somebody may copy it out of the repository."""
    return shutil.copytree(FOLDER, tmp_path_factory.mktemp("alone") / "wandb_local", ignore=LEFT)


def test_the_wheel_that_the_sdist_gives_has_the_code_the_assets_and_the_licence_and_no_more(source, tmp_path):
    inside = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    with tarfile.open(build("sdist", source, tmp_path / "sdist")) as sdist:
        sdist.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert {path for path in inside if not (unpacked / path).is_file()} == set()
    with zipfile.ZipFile(build("wheel", unpacked, tmp_path / "wheel")) as wheel:
        names = wheel.namelist()
        (licence,) = [name for name in names if name.endswith("dist-info/licenses/LICENSE")]
        assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    installed = {Path(name).relative_to("wandb_local") for name in names if name.startswith("wandb_local/")}
    assert installed == inside - {Path("LICENSE"), Path("README.md"), Path("pyproject.toml")}
    records = SETTINGS["project"]["name"].replace("-", "_")
    assert all(name.startswith(("wandb_local/", f"{records}-")) for name in names)


def test_every_package_is_listed(source):
    folders = {path.parent.relative_to(source.parent) for path in source.rglob("*.py")}
    assert sorted(".".join(folder.parts) for folder in folders) == SETTINGS["tool"]["setuptools"]["packages"]


def test_the_script_says_its_own_name():
    (name, entry), *_ = SETTINGS["project"]["scripts"].items()
    module, function = entry.split(":")
    code = f"import sys; sys.argv[0] = '/usr/bin/{name}'; from {module} import {function}; sys.exit({function}())"
    done = subprocess.run([sys.executable, "-c", code, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("usage: wandb-local ")
    same = [sys.executable, "-m", "wandb_local", "--help"]
    done = subprocess.run(same, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("usage: python -m wandb_local ")


@pytest.mark.parametrize("there", [[], ["platformdirs"]], ids=["nothing", "what the harness alone brings"])
def test_a_checkout_without_the_installation_is_told_what_is_missing(tmp_path, there):
    for name in there:
        (tmp_path / name).symlink_to(Path(platformdirs.__file__).parent)
    command = [sys.executable, "-S", "-m", "wandb_local", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(r"error: \w+ is not installed; run `pip install \./wandb_local` in the checkout\n", done.stderr)


def imports(path):
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def undeclared(paths, requirements, own):
    """What files import that is neither in the standard library, nor required, nor their own."""
    declared = {re.split("[>=]", entry)[0] for entry in requirements}
    brought = packages_distributions()
    found = {name for path in paths for name in imports(path) if not name.startswith(own)}
    top = {name.partition(".")[0] for name in found} - sys.stdlib_module_names
    names = {module: {re.sub("[-_.]+", "-", name).lower() for name in brought.get(module, [])} for module in top}
    return {module for module, distributions in names.items() if not distributions & declared}


def test_the_package_imports_what_it_requires_and_nothing_else(source):
    assert undeclared(source.rglob("*.py"), SETTINGS["project"]["dependencies"], ("wandb_local",)) == set()


def test_its_tests_import_what_their_group_lists_and_nothing_else():
    paths = [*(ROOT / "tests" / "wandb_local").rglob("*.py"), *(ROOT / path for path in HELPERS)]
    own = ("wandb_local", "tests.wandb_local", *(path.removesuffix(".py").replace("/", ".") for path in HELPERS))
    listed = [*SETTINGS["project"]["dependencies"], *SETTINGS["dependency-groups"]["test"]]
    assert undeclared(paths, listed, own) == set()
