"""Jobs beside a training: when they begin, in which order, and what becomes of their errors."""

import threading
from typing import Any

import pytest

import training.beside
from training import fit
from training.beside import Beside

PLAN: dict[str, Any] = {"fit": "flat", "epochs": 2, "freeze_epochs": 0, "lr": 0.01, "backbone_lr_factor": 1.0}


def test_jobs_begin_after_the_first_step_and_are_done_in_order_beside_the_training(make_learner):
    beside, done = Beside(), list[Any]()
    learn = make_learner(callbacks=[beside])
    ended = threading.Event()

    def first():
        ended.wait(60)  # the training ends while this job lasts
        done.append((threading.current_thread() is threading.main_thread(), learn.opt is not None))

    beside.add(first)
    beside.add(lambda: done.append("second"))
    assert beside.thread is None
    fit(learn, **PLAN)
    assert not done
    ended.set()
    beside.finish()
    beside.finish()  # again: nothing is done twice
    assert done == [(False, True), "second"]


def test_the_error_of_a_job_ends_no_training_and_is_raised_at_the_end(make_learner):
    beside, done = Beside(), []
    learn = make_learner(callbacks=[beside])

    def failing():
        raise ValueError("no room")

    beside.add(failing)
    beside.add(lambda: done.append("later"))
    fit(learn, **PLAN)
    assert [row["epoch"] for row in learn.checkpoint.history] == [1, 2]
    with pytest.raises(ValueError, match="no room"):
        beside.finish()
    assert not done


def test_without_a_step_the_jobs_are_done_at_the_end():
    beside, done = Beside(), []
    beside.finish()
    beside.add(lambda: done.append(1))
    beside.finish()
    assert done == [1]


def test_a_long_wait_is_said_in_one_line(make_learner, monkeypatch, capsys):
    monkeypatch.setattr(training.beside, "PATIENCE", 0.05)
    beside, ended = Beside(), threading.Event()
    beside.add(lambda: ended.wait(60))
    fit(make_learner(callbacks=[beside]), **PLAN)
    threading.Timer(0.5, ended.set).start()
    capsys.readouterr()
    beside.finish()
    assert (
        capsys.readouterr().out == "waiting until the server has the data set; after Ctrl-C, --resume sends it again\n"
    )
