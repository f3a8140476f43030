import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.programs import run_limited


def run(tmp_path, code, limit=60.0, **others):
    return run_limited([sys.executable, "-c", code], tmp_path / "log" / "a.txt", limit, **others)


def test_the_time_limit_ends_all_processes(tmp_path):
    ended = run(
        tmp_path, "import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)\nsubprocess.run(['sleep', '60'])", 2
    )
    assert ended.stopped
    assert ended.fault.startswith("stopped after ")
    sleeper = int(ended.lines[0].text)
    assert not psutil.pid_exists(sleeper) or psutil.Process(sleeper).status() == psutil.STATUS_ZOMBIE


def test_lines_come_with_their_time_and_bars_stay_out_of_the_log(tmp_path):
    heard: list[str] = []
    ended = run(tmp_path, r"print('a\rx:  50%|█  | 1/2 [00:01]\r\n\nb', end='')", hear=heard.append)
    assert heard == [line.text for line in ended.lines] == ["a", "x:  50%|█  | 1/2 [00:01]", "b"]
    assert [line.seconds for line in ended.lines] == sorted(line.seconds for line in ended.lines)
    assert (tmp_path / "log" / "a.txt").read_text() == "a\nb\n"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("pass", ""),
        ("raise ValueError('bad')", "exit code 1: ValueError: bad"),
        ("import sys; print('error: data: missing'); print('bye'); sys.exit(2)", "data: missing"),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
    ],
)
def test_faults(code, fault, tmp_path):
    assert run(tmp_path, code).fault == fault


def test_after_an_error_here_the_program_is_killed(tmp_path):
    def hear(text):
        raise ZeroDivisionError(text)

    with pytest.raises(ZeroDivisionError) as raised:
        run(tmp_path, "import os, time; print(os.getpid()); time.sleep(60)", hear=hear)
    assert not psutil.pid_exists(int(str(raised.value)))


def test_temporary_files_are_deleted(tmp_path):
    ended = run(tmp_path, "import os, tempfile; print(tempfile.mkdtemp(), flush=True); os.kill(os.getpid(), 9)")
    assert not Path(ended.lines[0].text).parent.exists()
