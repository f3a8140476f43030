"""Promotion: what is promoted, refused, forced, and left open, on a server."""

import os
from typing import Any

import pytest
import wandb

from artifacts.__main__ import main
from artifacts.history import alias_holder, best_so_far
from artifacts.lineage import lineage
from artifacts.seeds import seed_spread
from camvid.layouts import content_digest
from tests.artifacts.promoted import decisions, production, promote

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]


@pytest.fixture
def nameless(monkeypatch):
    """A user without a name, as in a container that runs as a number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987654)


@pytest.mark.usefixtures("nameless")
def test_the_first_is_promoted_and_said_so_and_a_user_without_a_name_can_do_it(make, dataset, capsys):
    make("first", {"digest": content_digest(dataset)}, dataset=dataset)
    assert promote("first:v0") == 0
    assert (
        "first:v0: no version has the alias production, so there is nothing to compare with" in capsys.readouterr().out
    )
    assert production("first") == "v0"
    (run,) = decisions("first")
    assert run.state == "finished"
    assert run.summary["promoted"] is True
    assert "(user 987654@" in run.summary["by"]
    assert {artifact.name.split(":")[0] for artifact in run.used_artifacts()} == {"first", "drawn"}
    assert promote("first:latest") == 0
    assert "already" in capsys.readouterr().out
    assert len(decisions("first")) == 1


@pytest.mark.soak
def test_up_and_back_again(make, capsys):
    make("steps", {"spoil": 0.5}, {"spoil": 0.2}, {"spoil": 0.2, "lr": 0.1})
    for version in ("v0", "v1", "v2"):
        assert promote(f"steps:{version}") == 0
    out = capsys.readouterr().out
    assert "steps:v2 now has the alias production, in place of steps:v1: it is better than steps:v1, or as good" in out
    for expected in ("v1", "v0"):
        assert main(["rollback", "roads/steps", "--why", "night drives"]) == 0
        assert production("steps") == expected
    assert main(["rollback", "roads/steps"]) == 2
    assert "steps:v0" in capsys.readouterr().err
    runs = decisions("steps")
    told = [(run.config["action"], run.config["before"], run.config["candidate"]) for run in runs]
    promotions = [("promote", None, "v0"), ("promote", "v0", "v1"), ("promote", "v1", "v2")]
    assert told == [*promotions, ("rollback", "v2", "v1"), ("rollback", "v1", "v0")]
    assert runs[3].summary["why"] == "night drives"
    rows = next(item for item in runs[1].logged_artifacts() if item.type == "run_table")
    table = rows.get("promotion/changes")
    assert isinstance(table, wandb.Table)
    answers = {(row[0], row[1]): row[-1] for row in table.data}
    assert answers["dice/Car", "steps:v0"] == "better"
    assert answers["dice/Bicyclist", "steps:v0"] == "absent"
    assert ("latency_ms", "steps:v0") in answers
    assert (runs[1].config["tolerance"], runs[1].summary["answer"]) == (0.05, "as good")
    up, down = lineage(wandb.Api().artifact("roads/steps:v2")).decisions
    assert (up.name, up.lines[0]) == ("promote to production", "accepted")
    assert (down.name, down.lines[:2]) == ("rollback from production", ("accepted", "night drives"))
    assert promote("steps:v2") == 0  # after rolling back, forward again and back to where it was
    assert main(["rollback", "roads/steps"]) == 0
    assert production("steps") == "v0"


@pytest.mark.soak
def test_a_worse_one_is_refused_unless_forced(make, capsys):
    make("worse", {"spoil": 0.1}, {"spoil": 0.4})
    promote("worse:v0")
    assert promote("worse:v1") == 1
    out = capsys.readouterr().out
    said = out.splitlines()[out.splitlines().index("refused: worse:v1") :]
    assert [line[: line.index(" fell by 0.")] for line in said[1:3]] == ["  dice/Car", "  dice/Pedestrian"]
    assert production("worse") == "v0"
    refused = decisions("worse")[-1]
    assert refused.summary["promoted"] is False
    assert "dice/Car fell by" in refused.summary["refusals"][0]
    assert {artifact.name for artifact in refused.used_artifacts()} == {"worse:v0", "worse:v1"}

    assert promote("worse:v1", "--force", "a recall of v0") == 0
    assert "overruled: worse:v1\n  dice/Car" in capsys.readouterr().out
    assert production("worse") == "v1"
    forced = decisions("worse")[-1].summary
    assert (forced["promoted"], forced["forced"], forced["why"]) == (True, True, "a recall of v0")
    assert "local" in forced["by"]
    assert "@" in forced["by"]


@pytest.mark.soak
def test_too_few_frames_are_no_reason_to_promote_nor_to_refuse(make, capsys):
    make("rare", *({"spoil": spoil, "frames": 4} for spoil in (0.1, 0.4)))
    promote("rare:v0")
    capsys.readouterr()
    assert promote("rare:v1") == 1
    said = capsys.readouterr().out.partition("\nnot enough data: rare:v1\n")[2]
    assert "  dice/Car fell by 0." in said
    assert "frames like these 4 would be enough\n" in said
    open_ = decisions("rare")[-1]
    assert (open_.summary["promoted"], open_.summary["answer"], open_.summary["refusals"]) == (
        False,
        "not enough data",
        [],
    )
    assert "dice/Car fell by" in open_.summary["open"][0]
    assert lineage(wandb.Api().artifact("roads/rare:v1")).decisions[0].lines[0] == "not enough data"
    assert promote("rare:v1", "--force", "seen on the road") == 0
    assert production("rare") == "v1"


def test_a_model_that_was_trained_on_val_is_not_judged_on_it(make, capsys):
    make("seen", {"spoil": 0.4}, {"train_on": "train+val"})
    assert promote("seen:v1") == 2
    assert (
        "seen:v1 was trained on train+val, so it cannot be judged on val; take --split test" in capsys.readouterr().err
    )
    assert promote("seen:v0") == 0
    assert promote("seen:v1", "--force", "measured on test") == 0
    assert "overruled: seen:v1\n  not compared: seen:v1 was trained on train+val" in capsys.readouterr().out
    model = wandb.Api().artifact("roads/seen:train+val")
    assert (model.version, "trained on train+val" in lineage(model).model.lines) == ("v1", True)
    assert promote("seen:v0") == 2  # the holder of the alias knows val
    assert "seen:v1 was trained on train+val" in capsys.readouterr().err


def test_a_first_model_below_the_floors_is_refused(make, capsys):
    make("low", {"scores": {"miou": 0.2, "dice/Car": 0.05, "dice/Pedestrian": 0.4}})
    assert promote("low:v0") == 1
    low = ("miou is 0.200, below the floor of 0.25", "dice/Car is 0.050, below the floor of 0.1")
    assert "\n  ".join(("refused: low:v0", *low)) in capsys.readouterr().out
    assert promote("low:v0", "--floor", "0.05", "--miou-floor", "0.2") == 0


@pytest.mark.soak
def test_small_falls_do_not_add_up(make, capsys):
    """Production may fall by the margin at each step, but the best that was production is the measure as well."""
    spoiled = [{"spoil": spoil, "scores": {"priority_dice": 0.5 - spoil}} for spoil in (0.0, 0.06, 0.12)]
    make("drift", *spoiled)
    margins = ("--tolerance", "0.055", "--mean-tolerance", "0.055")
    assert [promote(f"drift:v{version}", *margins) for version in (0, 1)] == [0, 0]
    holder = alias_holder(wandb.Api().artifact("roads/drift:v2"), "production")
    assert holder is not None
    best = best_so_far(holder, "production", wandb.Api().artifact("roads/drift:v2"))
    assert best is not None
    assert best.version == "v0"
    capsys.readouterr()
    assert promote("drift:v2", *margins) == 1
    out = capsys.readouterr().out
    assert "before:  drift:v0" in out
    assert "before:  drift:v1" in out
    assert "compared with drift:v0" in out
    assert "after drift:v1" not in out


def test_seeds_of_one_recipe(make):
    """Twice the variance over the seeds of a recipe; a version that is no seed of one, or the same again, adds none."""
    scores = [{"dice/Car": 0.7, "miou": 0.5}, {"dice/Car": 0.8, "miou": 0.5}, {"dice/Car": 0.1}, {"dice/Car": 0.9}]
    options: list[dict[str, Any]] = [{"seed": 0}, {"seed": 1}, {"seed": 2, "lr": 0.1}, {"seed": 0}]
    make("seeds", *({"scores": score, **option} for score, option in zip(scores, options, strict=True)))
    models = [wandb.Api().artifact(f"roads/seeds:v{version}") for version in range(3)]
    spread = seed_spread(models[0], models[1])
    assert list(spread) == ["dice/Car"]
    assert spread["dice/Car"] == pytest.approx((2 * 0.005, 1))
    assert seed_spread(models[2]) == {}


@pytest.mark.soak
def test_a_slower_one_is_refused(make, capsys):
    make("slower", {"spoil": 0.1, "size": "32x32"}, {"spoil": 0.1, "size": "128x128"})
    promote("slower:v0")
    assert promote("slower:v1", latency_limit=0.25) == 1  # 16 times the pixels
    out = capsys.readouterr().out
    assert "refused: slower:v1\n" in out
    assert "latency_ms rose from" in out
    assert "more than 25 %" in out
