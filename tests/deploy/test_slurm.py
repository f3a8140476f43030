"""The batch script as bash, shellcheck and sbatch would read it, and as a task of the array runs it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.wandb_local.process import Server, client_environment

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "slurm" / "agents.sbatch"
SCRIPTS = [SCRIPT, SCRIPT.with_name("train.sbatch")]
# The long options of sbatch 22.05, from its manual; later versions know them as well.
KNOWN = """
account acctg-freq array batch bb bbf begin chdir cluster-constraint clusters comment constraint container contiguous
core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline delay-boot dependency distribution error exclude
exclusive export export-file extra-node-info get-user-env gid gpu-bind gpu-freq gpus gpus-per-node gpus-per-socket
gpus-per-task gres gres-flags help hint hold ignore-pbs input job-name kill-on-invalid-dep licenses mail-type mail-user
mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus network nice no-kill no-requeue nodefile nodelist nodes ntasks
ntasks-per-core ntasks-per-gpu ntasks-per-node ntasks-per-socket open-mode output overcommit oversubscribe parsable
partition power prefer priority profile propagate qos quiet reboot requeue reservation signal sockets-per-node
spread-job switches test-only thread-spec threads-per-core time time-min tmp uid usage use-min-nodes verbose version
wait wait-all-nodes wckey wrap
"""
FORMS = {
    "array": r"\d+-\d+(%\d+)?",
    "time": r"(\d+-)?\d{1,2}:\d\d:\d\d",
    "mem": r"\d+[KMGT]?",
    "cpus-per-task": r"\d+",
    "ntasks": r"\d+",
    "ntasks-per-node": r"\d+",
    "gpus-per-node": r"\d+",
    "nodes": r"\d+",
    "open-mode": "append|truncate",
    "job-name": r"[\w-]+",
    "output": r"[\w.%-]+",
    "requeue": "",
}
SWEEP = {"program": "work.py", "method": "grid", "parameters": {"lr": {"values": [0.1, 0.2]}}}
READ = """
import json, sys, wandb
print(json.dumps([[run.state, run.config["lr"]] for run in wandb.Api().sweep(sys.argv[1]).runs]))
"""


def directives(text):
    """The options of a script as sbatch reads them: up to the first line that is no comment."""
    head = text[: re.search(r"^[^#\n]", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    found = [line.partition("--")[2].partition("=") for line in re.findall(r"^#SBATCH (.*)$", head, re.MULTILINE)]
    return {name: value for name, _, value in found}


@pytest.mark.parametrize("script", SCRIPTS)
def test_sbatch_would_know_every_option(script):
    text = script.read_text()
    options = directives(text)
    assert len(options) == text.count("\n#SBATCH ")  # none after the first command, where sbatch does not look
    assert options.keys() <= {*KNOWN.split()}
    for name, value in options.items():
        assert re.fullmatch(FORMS[name], value), f"--{name}={value}"


def test_options_in_the_readme_are_known():
    readme = (ROOT / "deploy" / "README.md").read_text()
    named = re.findall(r"--(?:array|gpus-per-task|gpus-per-node|nodes|time)=[^\s`]+", readme)
    assert len(named) == 5
    assert {option.split("=")[0].removeprefix("--") for option in named} <= {*KNOWN.split()}


def test_the_script_is_sound():
    shellcheck = Path(sys.executable).with_name("shellcheck")
    for path in (*SCRIPT.parent.iterdir(), *(ROOT / "scripts").glob("*.sh")):
        subprocess.run(["bash", "-n", str(path)], check=True)
        done = subprocess.run([shellcheck, str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("script", "words"), list(zip(SCRIPTS, ["ENTITY/PROJECT/SWEEP", "FLAGS of train.py"], strict=True))
)
def test_without_words_the_usage_is_said(script, words, tmp_path):
    done = subprocess.run(["bash", str(script)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"usage: sbatch deploy/slurm/{script.name} {words}" in done.stderr


def cached(tmp_path):
    """The script up to where the agent starts, with a folder for what would be /tmp; and the cache in it."""
    head = SCRIPT.read_text().partition("\nexec wandb")[0].replace("/tmp/", f"{tmp_path}/")
    environment = {name: value for name, value in os.environ.items() if name != "CAMVID_CACHE"}
    done = subprocess.run(["bash", "-c", head, "script", "e/p/s"], cwd=tmp_path, env=environment, capture_output=True)
    return done.returncode, done.stderr.decode(), tmp_path / f"camvid-cache-{os.getuid()}"


def test_the_cache_of_a_node_is_the_users_own(tmp_path):
    for _ in range(2):
        code, errors, cache = cached(tmp_path)
        assert (code, cache.stat().st_mode & 0o777) == (0, 0o700), errors
        cache.chmod(0o777)  # as an older script made it under an open umask


@pytest.mark.parametrize("made", ["link", "another's"])
def test_a_cache_that_somebody_else_made_is_refused(tmp_path, made):
    cache = tmp_path / f"camvid-cache-{os.getuid()}"
    if made == "link":
        (tmp_path / "elsewhere").mkdir()
        cache.symlink_to(tmp_path / "elsewhere")
    elif os.getuid() == 0:
        cache.mkdir()
        os.chown(cache, 12345, 12345)
    else:
        pytest.skip("only root can make a folder of another user")
    code, errors, _ = cached(tmp_path)
    assert code == 1 and f"{cache} is a link or another user's; set CAMVID_CACHE" in errors


@pytest.mark.soak
def test_a_task_and_a_pod_take_a_run_each(tmp_path):
    """What Slurm and Kubernetes start, started here: two agents with one run each make a sweep of two."""
    (tmp_path / "work.py").write_text("import wandb\nwith wandb.init() as run:\n    run.log({'loss': run.config.lr})\n")
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(SWEEP))
    (container,) = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "agents.yaml").read_text())["spec"]["template"][
        "spec"
    ]["containers"]
    with Server(tmp_path) as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        environment = kept | client_environment(server, tmp_path / "client") | {"WANDB_SILENT": "false"}

        def run(*words, **variables):
            done = subprocess.run(
                words, cwd=tmp_path, env=environment | variables, capture_output=True, text=True, timeout=100
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout + done.stderr

        (sweep,) = re.findall(r"wandb agent (\S+)", run("wandb", "sweep", "--project", "roads", "sweep.yaml"))
        slurm = {"SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_ARRAY_TASK_ID": "0", "CAMVID_CACHE": str(tmp_path / "cache")}
        assert "task 0 of job none" in run("bash", str(SCRIPT), sweep, **slurm)
        run(*(word.replace("$(SWEEP)", sweep) for word in container["command"]))
        runs = json.loads(run(sys.executable, "-c", READ, sweep).splitlines()[-1])
        assert sorted(runs) == [["finished", 0.1], ["finished", 0.2]]
        assert (tmp_path / "cache").is_dir()
        assert server.status()["unknown"] == []
