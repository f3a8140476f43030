"""Ctrl-C in a small program, at each of its stages."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interrupted import ROOT, interrupt

PROGRAM = """
import os, sys, time
sys.path.insert(0, {root!r})
from files.interrupts import advising, end_at_once, run_program, unwinding

end_at_once()

def work():
    {work}
    return 0

run_program(work)
"""
STAGES = {
    "a loop": "print('here', flush=True); time.sleep(60)",
    "an import that swallows all": """
    try:
        print('here', flush=True); time.sleep(60)
    except:
        pass
    time.sleep(60)""",
    "a block that unwinds": """
    with unwinding():
        try:
            print('here', flush=True); time.sleep(60)
        finally:
            print('taken away')""",
    "a thread": """
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (print('here', flush=True), time.sleep(60))).result()""",
    "a forked process": """
    with unwinding():
        child = os.fork()
        if not child:
            time.sleep(1)
            os._exit(0)
        try:
            print('here', flush=True); time.sleep(60)
        finally:
            print('child ended with', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))""",
}


DROPPED = {
    "a destructor": """
    class Slow:
        def __del__(self):
            print('here', flush=True); time.sleep(1)
    with unwinding():
        Slow()
        time.sleep(60)""",
    "a hook of the fork": """
    os.register_at_fork(before=lambda: (print('here', flush=True), time.sleep(1)))
    with unwinding():
        if not os.fork():
            os._exit(0)
        time.sleep(60)""",
}


def program(work):
    return [sys.executable, "-c", PROGRAM.format(root=str(ROOT), work=work)]


@pytest.mark.parametrize("stage", STAGES)
def test_one_line_and_code_130_at_any_stage(stage):
    ended = interrupt(program(STAGES[stage]), os.environ, lambda said: "here" in said)
    assert (ended.code, ended.lines, ended.left) == (130, ["interrupted"], [])
    assert ("taken away" in ended.stdout) == (stage == "a block that unwinds")
    assert ("child ended with 0" in ended.stdout) == (stage == "a forked process")


@pytest.mark.parametrize("stage", DROPPED)
def test_where_python_drops_it_it_comes_again(stage):
    ended = interrupt(program(DROPPED[stage]), os.environ, lambda said: "here" in said)
    assert (ended.code, ended.lines) == (130, ["interrupted"])


def test_temporary_folders_that_last_as_long_as_the_process_go(tmp_path):
    work = f"""
    import tempfile
    folder = tempfile.TemporaryDirectory(dir={str(tmp_path)!r})
    print('here', flush=True); time.sleep(60)"""
    assert interrupt(program(work), os.environ, lambda said: "here" in said).code == 130
    assert not list(tmp_path.iterdir())


def test_a_process_that_is_being_started_is_started_whole():
    work = """
    import multiprocessing
    whole = []
    os.register_at_fork(after_in_parent=lambda: (print('here', flush=True), time.sleep(1), whole.append(True)))
    with unwinding():
        try:
            multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,), daemon=True).start()
            time.sleep(60)
        finally:
            print(whole, len(multiprocessing.active_children()))"""
    ended = interrupt(program(work), os.environ, lambda said: "here" in said)
    assert (ended.code, ended.lines, ended.left) == (130, ["interrupted"], [])
    assert ended.stdout.splitlines()[-1] == "[True] 1"


def test_a_half_made_object_is_silent():
    work = """
    class Half:
        def __init__(self):
            print('here', flush=True); time.sleep(60)
            self.whole = True
        def __del__(self):
            self.whole
    with unwinding():
        Half()"""
    assert interrupt(program(work), os.environ, lambda said: "here" in said).lines == ["interrupted"]


def test_the_line_says_what_can_be_done():
    work = "with advising('go on'), unwinding(): print('here', flush=True); time.sleep(60)"
    assert interrupt(program(work), os.environ, lambda said: "here" in said).lines == ["interrupted; go on"]


def test_a_second_interrupt_ends_a_block_that_takes_long_to_unwind():
    work = """
    import signal
    with unwinding():
        try:
            print('here', flush=True); time.sleep(60)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)"""
    ended = interrupt(program(work), os.environ, lambda said: "here" in said)
    assert (ended.code, ended.lines) == (130, ["interrupted"])


def test_a_program_that_its_parent_shields_goes_on():
    words = ["sh", "-c", 'trap "" INT; exec "$0" "$@"', *program("print('here', flush=True); time.sleep(1)")]
    ended = interrupt(words, os.environ, lambda said: "here" in said)
    assert (ended.code, ended.stderr) == (0, "")


def test_a_program_ends_after_its_threads_and_exit_functions_without_taking_its_modules_apart():
    work = """
    import atexit, threading
    class Kept:
        def __del__(self):
            os.write(1, b'taken apart')
    sys.kept = Kept()
    atexit.register(print, 'at exit')
    threading.Thread(target=lambda: (time.sleep(0.5), print('thread'))).start()
    print('main')
    return 3"""
    ended = subprocess.run(program(work), capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "main\nthread\nat exit\n", "")


def test_what_cannot_be_written_at_the_end_is_reported():
    buffered = os.environ | {"PYTHONUNBUFFERED": ""}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(program("print(1)"), stdout=full, stderr=subprocess.PIPE, text=True, env=buffered)
    assert ended.returncode == 120 and "No space left" in ended.stderr


def test_in_a_process_that_is_no_program_of_ours_nothing_changes():
    from files.interrupts import unwinding

    before = signal.getsignal(signal.SIGINT)
    with unwinding():
        assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGINT) is before
