"""The data folder and the key in it: who can read them, and what leaves them as they are."""

import os
import pty
import subprocess
import sys

import pytest

from tests.wandb_local.process import ROOT, free_port, run_command


@pytest.mark.parametrize("command", [["status"], ["export", "local/p/r", "out"], ["gc"]])
def test_what_only_looks_changes_no_folder(tmp_path, command):
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o755)
    done = run_command(*command, "--data", folder, check=False)
    assert done.returncode in (1, 2) and str(folder) in done.stdout + done.stderr, done.stderr
    assert folder.stat().st_mode & 0o777 == 0o755
    assert list(folder.iterdir()) == []
    done = run_command(*command, "--data", tmp_path / "none", check=False)
    assert done.returncode in (1, 2) and not (tmp_path / "none").exists()


@pytest.mark.parametrize("text", ["", "\n", "a" * 39, "  " * 40])
@pytest.mark.parametrize("name", ["api_key", "signing_secret"])
def test_a_key_that_keeps_nobody_out_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    done = run_command("serve", "--port", "0", "--data", tmp_path, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert (
        f"{tmp_path / name}: the file has {len(text.strip())} characters" in done.stderr
        and "delete the file" in done.stderr
    )


def first_lines(command, stdout, read):
    """The four lines that a server prints, which is ended then."""
    with subprocess.Popen(command, stdout=stdout, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        lines = [read(process) for _ in range(4)]
        process.terminate()
    return [line.decode().strip() for line in lines]


def test_the_key_is_printed_to_a_terminal_alone(tmp_path):
    folder = tmp_path / "it's here"
    command = [sys.executable, "-m", "wandb_local", "serve", "--port", str(free_port()), "--data", str(folder)]
    printed = first_lines(command, subprocess.PIPE, lambda process: process.stdout.readline())
    key = (folder / "api_key").read_text().strip()
    assert key not in "\n".join(printed)
    shell = "\n".join([*printed, "printenv WANDB_BASE_URL WANDB_API_KEY"])
    assert subprocess.run(["sh"], input=shell, capture_output=True, text=True, check=True).stdout.split()[1] == key
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        shown = first_lines(command, theirs, lambda _: terminal.readline())
        os.close(theirs)
    assert shown[1] == f"export WANDB_API_KEY={key}"
    assert shown[0::2] == printed[0::2]


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["exec", "--", "true"]])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, command):
    (tmp_path / "set" / "images").mkdir(parents=True)
    (tmp_path / "set").chmod(0o755)
    place = command.index("--") if "--" in command else len(command)
    done = run_command(*command[:place], "--data", tmp_path / "set", *command[place:], check=False)
    assert done.returncode == 2 and "the folder holds other files than a server's data" in done.stderr
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["images"]
    assert (tmp_path / "set").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serve", "--port", "abc"], "argument --port: abc is not a port; give 0 to 65535"),
        (["gc", "--grace", "-1"], "argument --grace: -1 is not a number of seconds; give 0 or more"),
    ],
)
def test_numbers_that_cannot_be_meant(words, message):
    done = run_command(*words, check=False)
    assert done.returncode == 2 and message in done.stderr
