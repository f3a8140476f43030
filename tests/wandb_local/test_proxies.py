"""A proxy for the outer world is set, as on many clusters: the server on this machine is asked without it."""

import subprocess
import sys

import pytest

from tests.wandb_local.process import run_command
from wandb_local.proxies import bypass, shell_line

DEAD = "http://127.0.0.1:9"  # nothing listens there
PROXIES = {name: DEAD for word in ("http_proxy", "https_proxy", "all_proxy") for name in (word, word.upper())}
LOCAL = "localhost,127.0.0.1,::1"
KEPT = [  # what is listed before; what Python reads then; what Go reads then
    ({}, LOCAL, LOCAL),
    ({"no_proxy": "a.org, .b.org"}, f"a.org,.b.org,{LOCAL}", f"a.org,.b.org,{LOCAL}"),
    ({"NO_PROXY": "a.org"}, f"a.org,{LOCAL}", f"a.org,{LOCAL}"),
    ({"NO_PROXY": "*"}, "*", "*"),
    ({"no_proxy": "localhost"}, LOCAL, LOCAL),
]


@pytest.mark.parametrize(("before", "lower", "upper"), KEPT)
def test_hosts_that_were_listed_stay(before, lower, upper):
    assert bypass(before, "http://[::1]:80") == {"no_proxy": lower, "NO_PROXY": upper}
    assert bypass(before, "http://node7:80")["no_proxy"] == (lower if lower == "*" else f"{lower},node7")


@pytest.mark.parametrize(("before", "lower", "upper"), KEPT)
def test_the_line_for_a_shell_does_the_same(before, lower, upper):
    line = f"set -eu\n{shell_line('http://127.0.0.1:80')}\nprintenv no_proxy NO_PROXY"
    printed = subprocess.run(["sh"], input=line, env=before, capture_output=True, text=True, check=True).stdout
    found = [list(dict.fromkeys(entry.replace(" ", "").split(","))) for entry in printed.splitlines()]
    assert found == [lower.split(","), upper.split(",")]


def test_exec_status_and_the_client_pass_by_the_proxy(tmp_path):
    code = (
        "import os, subprocess, sys, wandb\n"
        "with wandb.init(project='p', id='r') as run:\n"
        "    artifact = wandb.Artifact('data', 'dataset')\n"
        "    with artifact.new_file('a.txt') as file:\n"
        "        file.write('1')\n"
        "    run.log_artifact(artifact).wait()\n"
        "print(list(wandb.Api().artifact('local/p/data:v0').manifest.entries))\n"  # fetched by Python, not by Go
        "sys.exit(subprocess.run([sys.executable, '-m', 'wandb_local', 'status', '--data', sys.argv[1]]).returncode)\n"
    )
    folders = {name: str(tmp_path) for name in ("WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "HOME")}
    variables = [f"{name}={value}" for name, value in (folders | {"WANDB_SILENT": "true"}).items()]
    command = ["exec", "--data", tmp_path / "data", "--port", 0, "--", "env", *variables]
    done = run_command(*command, sys.executable, "-c", code, tmp_path / "data", **PROXIES)
    assert "['a.txt']" in done.stdout and '"runs": 1' in done.stdout, done.stderr


def test_serve_prints_what_a_shell_needs_behind_a_proxy(shared_server):
    assert shell_line(shared_server.url) in shared_server.printed
