"""What the README, the pages in docs/ and the guides show runs as it stands, on drawn data in place of the reader's.

Python examples run here. The flags of commands are checked here, by the parsers of the commands. Whole sequences of
commands run as processes in the soak tests below.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import yaml
from wandb.cli.cli import cli as wandb_cli

from camvid.__main__ import _parser as camvid_parser
from camvid.layouts import open_dataset
from camvid.taxonomy import Taxonomy
from commands.evaluation_options import parse as parse_eval
from commands.versions_options import parse as parse_artifacts
from configs import TrainConfig, parse_command_line
from eval.export.formats import write_onnx
from models import build_model, save_model
from tests.drawings import synth_once
from wandb_local.__main__ import parser as wandb_local_parser

ROOT = Path(__file__).parents[1]
SERVERS = "wandb_local/README.md"  # its examples run in tests/wandb_local
GUIDES = ("README.md", "CONTRIBUTING.md", "deploy/README.md", SERVERS)
PATHS = (*(ROOT / guide for guide in GUIDES), *ROOT.glob("docs/*.md"))
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in PATHS}
EVERYTHING = " ".join("\n".join(PAGES.values()).split())  # a line may end between two words
PARSERS = {
    "train.py": lambda words: parse_command_line(words, lambda *_: ("the best run", {})),
    "camvid": lambda words: camvid_parser().parse_args(words),
    "eval": lambda words: parse_eval(words, ""),
    "artifacts": lambda words: parse_artifacts(words, ""),
}
QUICK = (
    "--epochs 1 --backbone mobilenetv3_small_050 --weights none --resize_factor 0.3 --eval_factor 0.3 --batch_size 2"
)


def blocks(page: str, language: str = "") -> list[str]:
    """The code blocks of a page in a language; those without one are commands."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)
    return [block for kind, block in found if kind == language]


def commands(block: str) -> list[str]:
    """The commands of a block, each on one line, without their comments."""
    lines = block.replace("\\\n", " ").splitlines()
    return [shlex.join(words) for line in lines if (words := shlex.split(line, comments=True))]


def shown(page: str) -> list[str]:
    """All commands of a page: those in blocks, and those in its sentences."""
    sentences = re.sub(r"^```.*?^```", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`((?:python|make|wandb|wandb-local|accelerate) [^`]+)`", sentences.replace("\n", " "))
    return [command for block in (*blocks(page), *inline) for command in commands(block)]


def sequence(page: str, text: str) -> list[str]:
    """The commands of the block that holds a text."""
    (block,) = [block for block in blocks(page) if text in block]
    return commands(block)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme") / "CamVid"
    synth_once(folder, frames=12, seed=1, layout="original", size=(96, 128))
    return folder


@pytest.fixture(scope="module")
def place(data):
    """A folder with what the pages speak of: the run runs/ID, which is not trained, frame.png, and joint.onnx."""
    config = TrainConfig(architecture="unet", backbone="test_resnet", data=str(data)).to_dict()
    taxonomy, origin = open_dataset(data).taxonomy.to_dict(), {"data": {}, "metrics": {"model/precision": "fp32"}}
    torch.manual_seed(0)
    model = build_model("unet", len(taxonomy["classes"]), "test_resnet")
    save_model(data.parent / "runs" / "ID", model, config=config, taxonomy=taxonomy, **origin)
    joint = build_model("hydra", 11, "test_resnet", tasks=("segmentation", "depth"), focal=60.0).eval()
    write_onnx(joint, data.parent / "joint.onnx", {"config": {"focal": 60.0}})
    frame = open_dataset(data).splits["val"][0]
    (data.parent / "frame.png").write_bytes(frame.image.read_bytes())
    return data.parent


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python") and page != SERVERS])
def test_python_examples_run_from_the_first_to_the_last(page, place, data, monkeypatch):
    monkeypatch.chdir(place)
    code = "\n".join(blocks(page, "python")).replace("/data/CamVid", str(data))
    seen: dict[str, Any] = {}
    exec(compile(code, page, "exec"), seen)
    if page == "docs/python.md":
        assert seen["mask"].shape == seen["image"].shape[:2] == (96, 128)
        assert (place / "overlay.png").is_file()
        assert len(seen["cases"]) == len(seen["val"])
        assert seen["logits"].shape == (1, 11, 90, 120)
    if page == "docs/training.md":
        assert seen["logits"].shape == (1, 11, 128, 192)
        np.testing.assert_allclose(seen["metres"], seen["depth"] * 2.6398, rtol=1e-4)


@pytest.mark.parametrize("page", PAGES)
def test_commands_have_the_flags_that_are_shown(page, place, monkeypatch):
    monkeypatch.chdir(place)
    for command in shown(page):
        try:
            check(shlex.split(command))
        except SystemExit as end:
            assert end.code == 0, command  # --help


def check(words: list[str]) -> None:
    """Fails for a command of ours, or one of W&B's, that is not there or has no such flags; others are left alone."""
    program, *rest = words
    if program == "wandb-local":
        program, rest = "python", ["-m", "wandb_local", *rest]
    if program == "accelerate":
        program, rest = "python", rest[rest.index("train.py") :]
    if program == "python" and rest[0] == "-m":
        module, *flags = rest[1:]
        assert find_spec(module), words
        if module == "wandb_local":
            options = wandb_local_parser().parse_args(flags)
            check([word for word in getattr(options, "argv", []) if word != "--"] or ["true"])
        elif module in PARSERS:
            PARSERS[module](flags)
    elif program == "python" and rest[0] == "train.py":
        PARSERS["train.py"](rest[1:])
    elif program == "wandb":
        assert rest[0] in wandb_cli.commands, words
        assert rest[0] != "sweep" or (ROOT / rest[-1]).is_file(), words
    elif program == "make":
        assert re.search(rf"^{rest[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), words
    elif program.startswith("scripts/"):
        assert (ROOT / program).is_file(), words


def test_other_blocks_are_what_they_say():
    for page in PAGES:
        for block in blocks(page, "json"):
            json.loads(block)
        for block in blocks(page, "yaml"):
            yaml.safe_load(block)
    (own,) = blocks("docs/data.md", "yaml")
    assert Taxonomy.from_dict(yaml.safe_load(own)).names == ("Road", "Person")


def slugs(text: str) -> list[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_links_lead_somewhere_and_every_page_is_in_the_contents():
    listed = re.findall(r"\(([\w.]+\.md)\)", PAGES["docs/README.md"])
    assert {f"docs/{name}" for name in listed} >= PAGES.keys() - {*GUIDES, "docs/README.md"}
    assert f"(../{SERVERS})" in PAGES["docs/README.md"]
    for page, text in PAGES.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            path, _, heading = link.partition("#")
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), f"{page}: {link}"
            assert not heading or heading in slugs(target.read_text()), f"{page}: {link}"


@pytest.mark.parametrize("page", PAGES)
def test_files_and_modules_that_are_named_exist(page):
    """A path with a star is a pattern, and a recipe says NAME."""
    rooms = "|".join(path.parent.name for path in ROOT.glob("*/__init__.py"))
    inner = "|".join(path.parent.name for path in ROOT.glob("wandb_local/*/__init__.py"))
    folders = f"(?:{rooms}|{inner}|benchmarks|deploy|docs|scripts|tests)"
    for path in re.findall(rf"(?<![\w./-]){folders}/[\w./-]*+(?![*…<])", PAGES[page]):
        places = (ROOT / path.rstrip("."), ROOT / "wandb_local" / path.rstrip("."))
        assert "NAME" in path or any(place.exists() for place in places), path
    for module in re.findall(rf"`((?:{rooms})(?:\.[A-Za-z_]\w*)+)`", PAGES[page]):
        resolve_name(module)


def test_a_version_in_the_changelog_has_each_heading_once():
    """A merge of two branches may add a second one."""
    for version in (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1:]:
        headings = re.findall(r"^### (.*)", version, re.MULTILINE)
        assert len(headings) == len(set(headings)), headings


def test_every_preset_and_folder_is_named():
    presets = {path.name for path in (ROOT / "configs").glob("*.yaml")}
    named = re.findall(r"configs/(\w+)(\*?)\.yaml", EVERYTHING)
    for preset in presets:
        assert any(preset == f"{name}.yaml" or (any_end and preset.startswith(name)) for name, any_end in named), preset
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert all(f"`{folder}/`" in PAGES["docs/README.md"] for folder in folders)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert all(f"`make {target}" in EVERYTHING for target in targets)


def film(frames, path):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5, (128, 96))
    for frame in frames:
        writer.write(cv2.imread(str(frame.image)))
    writer.release()


def execute(line, folder):
    """Runs a command in a folder, as after pip, with quick settings for a training."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, *shlex.split(line.replace("train.py", f"{ROOT}/train.py {QUICK}"))[1:]]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def left(folder):
    """What git would show as new in a checkout in which the commands were run."""
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    (folder / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    said = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True, text=True).stdout
    return {line[3:] for line in said.splitlines()} - {".gitignore", "cache/"}


@pytest.mark.parametrize("command", ["runs/a --data d", "predict runs/a in", "compare runs/a --data d", "sweep e/p/s"])
def test_what_commands_leave_by_themselves_is_ignored_by_git(command, tmp_path):
    out = tmp_path / parse_eval(command.split(), "").out
    out.mkdir()
    (out / "a.csv").touch()
    assert left(tmp_path) == set()


def test_pictures_and_logs_that_commands_leave_are_ignored_by_git(tmp_path):
    for name in ("frequency.csv", "frequency.png", "camvid-sweep-12_3.log"):
        (tmp_path / name).touch()
    (tmp_path / "mine.svg").touch()
    assert left(tmp_path) == {"mine.svg"}


@pytest.mark.soak
def test_commands_on_ones_own_camvid(data, tmp_path):
    film(open_dataset(data).splits["val"], tmp_path / "drive.mp4")
    for command in (
        *sequence("docs/data.md", "camvid check /data/CamVid"),
        *sequence("docs/training.md", "--out overlays"),
    ):
        runs = sorted((tmp_path / "runs").glob("*"))
        line = command.replace("/data/CamVid", str(data))
        execute(line.replace("runs/ID", str(runs[0]) if runs else "runs/ID"), tmp_path)
    assert (tmp_path / "stats").is_dir()
    assert (runs[0] / "test" / "worst.png").is_file()
    assert list((tmp_path / "overlays").glob("*.mp4"))
    assert left(tmp_path) == {"drive.mp4"}


@pytest.mark.soak
def test_commands_of_depth(tmp_path):
    shown_by = ("synth drawn", "--camera 420", "--depth_data streets")
    for command in (line for mark in shown_by for line in sequence("docs/training.md", mark)):
        runs = sorted((tmp_path / "runs").glob("*"))
        line = re.sub(r"--frames \d+", "--frames 12 --size 96 128", command).replace("/data/CamVid", "drawn")
        execute(line.replace("runs/ID", str(runs[0]) if runs else "runs/ID"), tmp_path)
        if "synth drawn" in line:
            film(open_dataset(tmp_path / "drawn").splits["val"], tmp_path / "drive.mp4")
    assert (runs[0] / "test" / "depth.png").is_file()
    assert len(list((tmp_path / "drive" / "points").glob("*.ply"))) == 2
    assert len(list((tmp_path / "runs").glob("*"))) == 2


@pytest.mark.soak
def test_commands_on_label_images_that_are_only_colours(tmp_path):
    (drawn,) = [command for command in shown("docs/data.md") if "synth pairs" in command]
    for command in (f"{drawn} --frames 12", *sequence("docs/data.md", "camvid composites")):
        execute(command, tmp_path)
    assert (tmp_path / "data" / "pairs" / "composites.png").is_file()
    assert list((tmp_path / "runs").glob("*/report/curves.png"))
    assert left(tmp_path) == set()
