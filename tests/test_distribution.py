"""What pip installs of the harness, and how it gets its server."""

import re
import shutil
import tomllib
import zipfile
from pathlib import Path

from tests.wandb_local.process import ROOT
from tests.wandb_local.test_distribution import LEFT, SETTINGS, build

HARNESS = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"wandb_local"}


def test_the_wheel_has_every_room_and_its_presets_and_leaves_the_server_to_its_own(tmp_path):
    source = tmp_path / "harness"
    for folder in ROOMS | {"wandb_local"}:
        shutil.copytree(ROOT / folder, source / folder, ignore=LEFT)
    for name in ("pyproject.toml", "README.md", "LICENSE", "flags.py", "train.py"):
        shutil.copy(ROOT / name, source)
    with zipfile.ZipFile(build("wheel", source, tmp_path / "wheel")) as wheel:
        names = {Path(name) for name in wheel.namelist()}
    assert {name.parts[0] for name in names if name.name == "__init__.py"} == ROOMS
    assert {Path("flags.py"), Path("train.py"), Path("configs/cpu.yaml")} <= names


def test_the_server_is_required_by_its_name_alone():
    assert HARNESS["project"]["optional-dependencies"]["server"] == [SETTINGS["project"]["name"]]


def test_whoever_installs_the_server_by_its_name_gives_its_folder_in_the_same_command():
    """No registry has the name: a stranger's package might take it."""
    pages = [ROOT / "Makefile", ROOT / "CONTRIBUTING.md", *ROOT.glob("*/*.md"), *(ROOT / "deploy").rglob("*")]
    texts = [path.read_text().replace("\\\n", " ") for path in [*pages, ROOT / "README.md"] if path.is_file()]
    lines = [line for text in texts for line in text.splitlines() if re.search(r"pip install.*\[[\w,]*server\b", line)]
    assert lines
    assert [line for line in lines if " ./wandb_local " not in line] == []
