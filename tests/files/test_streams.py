"""A small program whose output cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interrupted import ROOT

PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from files.interrupts import run_program

def work():
    for number in range(3000):  # more than a buffer holds
        print("progress", number)
    print("the end", file=sys.stderr)
    return 3

run_program(work, outlast=True)
"""
WORDS = [sys.executable, "-c", PROGRAM.format(root=str(ROOT))]


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def environment(request):
    return os.environ | {"PYTHONUNBUFFERED": request.param}


def test_a_full_disk_takes_only_the_output(environment):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(WORDS, stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
    lost = "stdout: cannot be written (No space left on device); what is printed there is lost, and the program goes on"
    assert (done.returncode, done.stderr.split("\n")) == (3, ["", lost, "the end", ""])


def test_so_does_a_pipe_that_nobody_reads(environment):
    line = "stdout: cannot be written (Broken pipe)"
    with subprocess.Popen(WORDS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read().count(line) == 1
    assert process.returncode == 3


def test_a_closed_output_is_reported(environment):
    words = ["sh", "-c", 'exec "$0" "$@" >&-', *WORDS]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, env=environment)
    lost = "stdout: cannot be written (it is closed); what is printed there is lost, and the program goes on"
    assert (done.returncode, done.stderr.split("\n")) == (3, ["", lost, "the end", ""])


@pytest.mark.parametrize("closed", [">/dev/full 2>&1", ">&- 2>&-"])
def test_with_nowhere_to_report_it_the_program_goes_on(closed, environment):
    done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {closed}', *WORDS], env=environment)
    assert done.returncode == 3


def test_what_can_be_written_is_whole_and_keeps_its_encoding(environment):
    words = [*WORDS[:2], WORDS[2].replace("progress", "größe")]
    done = subprocess.run(words, capture_output=True, env=environment | {"PYTHONIOENCODING": "latin-1"})
    assert done.stdout.decode("latin-1").splitlines() == [f"größe {number}" for number in range(3000)]
    assert (done.returncode, done.stderr) == (3, b"the end\n")
