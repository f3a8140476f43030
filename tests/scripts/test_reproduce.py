"""The evening's script: what it asks for exists, and all of it on drawn scenes, stopped on the way."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.versions_options import parse as parse_artifacts
from configs import parse_command_line
from configs.config import TrainConfig
from scripts.reproduce import best, pinned, table
from wandb_local.search import validate

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reproduce.sh"
TEXT = SCRIPT.read_text()
STEPS = re.findall(r"\w+", TEXT.split("for name in ")[1].split(";")[0])


def arrays(name):
    """What an array of the script holds, quick and real."""
    return [shlex.split(words) for words in re.findall(rf"^ +{name}=\((.*)\)$", TEXT, re.MULTILINE)]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("preset", "name"), [("baseline_resnet50", "BASELINES"), ("final", "FINALS")])
def test_its_trainings_are_settings(preset, name, which):
    _, options = parse_command_line(["--config", preset, *arrays(name)[which], *arrays("COMMON")[which]])
    assert options.cells


@pytest.mark.parametrize("which", [0, 1])
def test_its_sweep_is_one(which):
    sweep = pinned(yaml.safe_load((ROOT / "configs" / "sweep_cpu.yaml").read_text()), arrays("SWEEP")[which])
    validate(sweep)
    assert sweep["run_cap"] == [2, 12][which]
    for key, spec in sweep["parameters"].items():
        for value in spec.get("values", [spec.get("value", spec.get("min"))]):
            TrainConfig.from_dict({key: yaml.safe_load(value) if key == "loss" else value})


def test_its_commands_on_artifacts_have_these_flags():
    lines = re.findall(r"python -m artifacts ([^|>\n]*?)(?: >|\) \|\||$)", TEXT, re.MULTILINE)
    parsed = [parse_artifacts(shlex.split(re.sub(r'"\$.*?"(?= |$)', "name", line)), "") for line in lines]
    assert {options.command for options in parsed} == {"dataset", "lineage", "promote"}


def test_its_budgets_stay_under_three_hours():
    """Trainings by their own bound, 2 minutes about each for starting, scoring and logging, 1 for each test."""
    minutes, trainings = 0.0, 0
    for words, cells in ((arrays("BASELINES")[1], 1), (arrays("FINALS")[1], 3)):  # finals: each backbone of the sweep
        for vary in (words[i + 1] for i, word in enumerate(words) if word == "--vary"):
            cells *= 1 + vary.count(",")
        minutes += cells * (float(words[words.index("--max_minutes") + 1]) + 2)
        trainings += cells
    assert minutes + trainings + 20 + 10 < 180  # and the sweep, the report and the promotion


def made(folder, scores):
    for name, score in scores.items():
        run = folder / name / f"id-{name}"
        (run / "test").mkdir(parents=True)
        (run / "model.safetensors").touch()
        (run / "config.yaml").write_text(yaml.safe_dump({"backbone": name, "fit": "one_cycle", "crp": False}))
        for path in (run / "metrics.json", run / "test" / "metrics.json"):
            path.write_text(json.dumps({"priority_dice": score, "miou": score, "model/latency_ms": 54.3}))


def test_the_best_is_by_its_score(tmp_path):
    made(tmp_path, {"a": 0.2, "b": 0.5, "c": None})
    assert best(tmp_path).name == "id-b"
    with pytest.raises(ValueError, match="no complete training"):
        best(tmp_path / "nothing")


def test_the_table_reads(tmp_path):
    made(tmp_path / "baselines", {"resnet50": 0.25})
    made(tmp_path / "finals", {"resnet34": 0.5, "resnet18": None})
    (tmp_path / "steps").mkdir()
    markers = {
        "sweep": "id=l/c/s",
        "first_production": "model=m:v0\npromoted=yes",
        "promotion": "model=m:v1\npromoted=no",
    }
    for name, text in markers.items():
        (tmp_path / "steps" / name).write_text(f"{text}\nseconds=60\n")
    lines = table(tmp_path).splitlines()
    assert lines[2] == "| baseline, resnet50, one_cycle | 0.250 | 0.250 | 0.250 | 0.250 | 54 | – |"
    assert "| final, resnet18, one_cycle | – | – |" in lines[3]
    told = "m:v1 was not promoted to production; before it, m:v0 was promoted to production"
    assert lines[-1] == f"Sweep l/c/s; {told}; 3 minutes in all."


def test_without_words_it_says_how():
    done = subprocess.run([SCRIPT], capture_output=True, text=True)
    assert done.returncode == 2
    assert "scripts/reproduce.sh DATA [OUT]" in done.stderr


def steps(out, *lines):
    """Runs lines of bash with the script's steps, and a helper that fails until a file `fine` is there."""
    functions = TEXT[TEXT.index("# Runs a function unless") : TEXT.index("data() {")]
    helper = 'helper() { [[ -f $OUT/fine ]] && echo "$*"; }'
    words = ["set -euo pipefail", f"OUT={shlex.quote(str(out))}", functions, helper, *lines]
    return subprocess.run(["bash", "-c", "\n".join(words)], capture_output=True, text=True, timeout=60)


def test_a_step_whose_helper_fails_is_done_again_and_all_its_seconds_count(tmp_path):
    (tmp_path / "steps").mkdir()
    search = ("search() { sleep 1.1; record best here; }", "step search", "echo went on")
    assert steps(tmp_path, *search).returncode != 0
    assert not (tmp_path / "steps" / "search").exists()
    (tmp_path / "fine").touch()
    done = steps(tmp_path, *search)
    assert done.stdout == "== search\nwent on\n"
    best, seconds = (tmp_path / "steps" / "search").read_text().splitlines()
    assert best == "best=best here"
    assert 2 <= int(seconds.removeprefix("seconds=")) <= 60
    assert "done before" in steps(tmp_path, *search).stdout


def test_only_a_refusal_is_a_result(tmp_path):
    """An error of the promotion ends with another code, or without a word of refusal or of too little data."""
    promote = TEXT[TEXT.index("promote() {") : TEXT.index("for name in")]
    said_no = (("refused: Car", 1, 0), ("not enough data: Car", 1, 0))
    for said, code, outcome in (*said_no, ("", 1, 1), ("", 2, 2)):
        lines = [promote, "helper() { echo m:v1; }", f"python() {{ echo '{said}'; return {code}; }}", "promote run"]
        done = steps(tmp_path, *lines)
        assert (done.returncode, "promoted=no" in done.stdout) == (outcome, outcome == 0)


@pytest.mark.evening
@pytest.mark.timeout(1200)
def test_all_of_it_stopped_on_the_way(tmp_path):
    out = tmp_path / "out"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment = kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}

    def start(stop_at=None):
        """Runs the script; at the line that begins a step it is interrupted, as by Ctrl-C."""
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "start_new_session": True}
        with (
            (tmp_path / "errors").open("a") as errors,
            subprocess.Popen([SCRIPT, "--quick", out], env=environment, stderr=errors, **pipes) as process,
        ):
            give_up = threading.Timer(800, os.killpg, [process.pid, signal.SIGKILL])
            give_up.start()
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.rstrip() == f"== {stop_at}":
                    os.killpg(process.pid, signal.SIGINT)
            process.wait()
            give_up.cancel()
        return process.returncode, lines

    code, _ = start(stop_at="search")
    assert code != 0
    first = {path.name: path.read_text() for path in (out / "steps").iterdir()}
    assert first.keys() - {"search.part", "search.spent"} == {"data", "baselines", "sweep"}
    code, lines = start()
    assert code == 0, (tmp_path / "errors").read_text()[-3000:]
    done = {path.name: path.read_text() for path in (out / "steps").iterdir()}
    assert done.keys() == {*STEPS}
    assert all(done[name] == text for name, text in first.items() if name in ("data", "baselines", "sweep"))
    assert [line.split(":")[0] for line in lines if "done before" in line] == ["== data", "== baselines", "== sweep"]
    for path in ("results.md", "lineage.txt", "report"):
        assert (out / path).exists(), path
    assert (out / "results.md").read_text().count("\n| ") >= 2

    code, lines = start()
    assert code == 0
    assert sum("done before" in line for line in lines) == len(STEPS)
    assert {path.name: path.read_text() for path in (out / "steps").iterdir()} == done
