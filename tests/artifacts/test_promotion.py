"""Promotion and rollback as a user runs them, against the real client and a real server."""

import os
from typing import Any

import pytest
import wandb
import yaml

from artifacts.__main__ import main
from artifacts.errors import ArtifactError
from artifacts.history import alias_holder, best_so_far
from artifacts.lineage import lineage
from artifacts.promotion import Decision, carry_out
from artifacts.seeds import seed_spread
from artifacts.verdict import Floors, below, reasons
from camvid.layouts import content_digest
from camvid.taxonomy import load_taxonomy
from eval.compare import Change
from tests.artifacts.weighed import log_versions

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]


@pytest.fixture
def make(new_run, tmp_path):
    """Logs versions of a model."""

    def log(name, *versions, dataset=None):
        log_versions(new_run, tmp_path / "saved", *((name, options) for options in versions), dataset=dataset)

    return log


def promote(model, *flags, latency_limit=100):
    """Promotes; how long a pass takes on this machine now matters to one test alone."""
    return main(["promote", f"roads/{model}", f"--latency-limit={latency_limit}", *flags])


def production(name):
    return wandb.Api().artifact(f"roads/{name}:production").version


def decisions(name):
    runs = wandb.Api().runs("roads", {"jobType": "promotion"}, order="+created_at")
    return [run for run in runs if run.config["model"] == name]


def test_the_first_is_promoted_and_said_so(make, dataset, capsys):
    make("first", {"digest": content_digest(dataset)}, dataset=dataset)
    assert promote("first:v0") == 0
    assert "first:v0: no version is production, nothing to compare it with" in capsys.readouterr().out
    assert production("first") == "v0"
    (run,) = decisions("first")
    assert run.state == "finished"
    assert run.summary["promoted"] is True
    assert {artifact.name.split(":")[0] for artifact in run.used_artifacts()} == {"first", "drawn"}
    assert promote("first:latest") == 0
    assert "already" in capsys.readouterr().out
    assert len(decisions("first")) == 1


def test_up_and_back_again(make, capsys):
    make("steps", {"spoil": 0.5}, {"spoil": 0.2}, {"spoil": 0.2, "lr": 0.1})
    for version in ("v0", "v1", "v2"):
        assert promote(f"steps:{version}") == 0
    out = capsys.readouterr().out
    assert "steps:v2 is production now; it was steps:v1: better than steps:v1, or as good, in every figure" in out
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


def test_a_user_without_a_name_can_promote(make, monkeypatch):
    """As in a container that runs as a number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987654)
    make("nameless", {})
    assert promote("nameless:v0") == 0
    (run,) = decisions("nameless")
    assert run.summary["promoted"] is True
    assert "(user 987654@" in run.summary["by"]


def test_a_worse_one_is_refused_unless_forced(make, capsys):
    make("worse", {"spoil": 0.1}, {"spoil": 0.4})
    promote("worse:v0")
    assert promote("worse:v1") == 1
    out = capsys.readouterr().out
    (said,) = (line for line in out.splitlines() if line.startswith("refused: worse:v1: dice/Car fell by 0."))
    assert "; dice/Pedestrian fell by 0." in said
    assert production("worse") == "v0"
    refused = decisions("worse")[-1]
    assert refused.summary["promoted"] is False
    assert "dice/Car fell by" in refused.summary["refusals"][0]
    assert {artifact.name for artifact in refused.used_artifacts()} == {"worse:v0", "worse:v1"}

    assert promote("worse:v1", "--force", "a recall of v0") == 0
    assert "overruled: worse:v1: dice/Car" in capsys.readouterr().out
    assert production("worse") == "v1"
    forced = decisions("worse")[-1].summary
    assert (forced["promoted"], forced["forced"], forced["why"]) == (True, True, "a recall of v0")
    assert "local" in forced["by"]
    assert "@" in forced["by"]


def test_too_few_frames_are_no_reason_to_promote_nor_to_refuse(make, capsys):
    make("rare", *({"spoil": spoil, "frames": 4} for spoil in (0.1, 0.4)))
    promote("rare:v0")
    capsys.readouterr()
    assert promote("rare:v1") == 1
    (said,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("not enough data: rare:v1: "))
    assert "dice/Car fell by 0." in said
    assert "frames like these would do" in said
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


def test_a_first_model_below_the_floors_is_refused(make, capsys):
    make("low", {"scores": {"miou": 0.2, "dice/Car": 0.05, "dice/Pedestrian": 0.4}})
    assert promote("low:v0") == 1
    out = capsys.readouterr().out
    assert "refused: low:v0: miou is 0.200, below the floor of 0.25; dice/Car is 0.050, below the floor of 0.1" in out
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
    assert "after drift:v0" in out
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
    assert "refused: slower:v1: " in out
    assert "latency_ms grew from" in out
    assert "more than 25 %" in out


def test_what_cannot_be_compared_is_said(make, capsys):
    unlike: dict[str, dict[str, Any]] = {
        "different taxonomies (camvid11 and camvid32)": {"taxonomy": "camvid32"},
        "--dataset NAME:VERSION evaluates both on one": {"digest": "d1"},
        "different splits (official, seed 0, and sequence, seed 0)": {"split": "sequence"},
        "the data it was trained on is not on the server: give --dataset": {"spoil": None},
    }
    make("unlike", {"spoil": 0.1}, *({"spoil": 0.1} | other for other in unlike.values()))
    promote("unlike:v0")
    for version, message in enumerate(unlike, start=1):
        assert promote(f"unlike:v{version}") == 2
        assert message in capsys.readouterr().err
    assert production("unlike") == "v0"
    assert promote("unlike:v1", "--force", "new classes") == 0
    assert (
        "overruled: unlike:v1: not compared: unlike:v0 and unlike:v1 have different taxonomies"
        in capsys.readouterr().out
    )
    forced = decisions("unlike")[-1].summary
    assert (forced["forced"], forced["why"]) == (True, "new classes")
    assert production("unlike") == "v1"


def test_without_priority_classes_mean_and_great_falls_are_judged_and_that_is_said(make, tmp_path, capsys):
    classes = [
        {k: v for k, v in spec.items() if k != "priority"} for spec in load_taxonomy("camvid11").to_dict()["classes"]
    ]
    mine = tmp_path / "mine.yaml"
    mine.write_text(yaml.safe_dump({"name": "mine", "classes": classes}))
    make("plain", {"spoil": 0.1, "taxonomy": mine}, {"spoil": 0.5, "taxonomy": mine})
    promote("plain:v0")
    capsys.readouterr()
    assert promote("plain:v1") == 1
    out, err = capsys.readouterr()
    assert "refused: plain:v1: miou fell by" in out
    assert "; dice/Car fell by" in out
    assert "priority_dice" not in out
    assert err.count("taxonomy mine has no priority class: ") == 1


def test_without_records_both_are_evaluated(make, dataset, capsys):
    digest = content_digest(dataset)
    make("bare", {"digest": digest, "spoil": 0.1}, {"digest": digest}, dataset=dataset)
    promote("bare:v0")
    assert promote("bare:v1") == 1  # two frames
    out = capsys.readouterr().out
    assert "evaluating all on drawn:v0 (bare:v1 came without records per image)" in out
    assert "2 val frames" in out
    assert "more drives or seeds are needed" in out


@pytest.mark.soak
def test_other_data_on_request(make, dataset, capsys):
    """Models of different data versions, compared on one of them, on the test split."""
    make("versions", {"digest": content_digest(dataset), "spoil": 0.1}, {"spoil": 0.1}, dataset=dataset)
    promote("versions:v0")
    flags = ["--dataset", "roads/drawn:v0", "--split", "test"]
    assert promote("versions:v1", *flags) == 1  # one frame
    assert "1 test frames" in capsys.readouterr().out
    assert {item.name for item in decisions("versions")[-1].used_artifacts()} == {
        "versions:v0",
        "versions:v1",
        "drawn:v0",
    }


def by_hand(name):
    version = wandb.Api().artifact(f"roads/{name}")
    version.aliases.append("production")
    version.save()
    return version


def test_an_alias_that_has_moved_since_is_left(make):
    """Two promotions at once: what was weighed against v0 does not take the place of v1."""
    make("moved", {"spoil": 0.1}, {"spoil": 0.1, "lr": 0.1}, {"spoil": 0.1, "lr": 0.2})
    weighed = Decision("promote", "production", wandb.Api().artifact("roads/moved:v2"), by_hand("moved:v0"))
    by_hand("moved:v1")
    with pytest.raises(ArtifactError, match=r"moved:v2' is not made production: meanwhile moved:v1 is"):
        carry_out(weighed)
    assert production("moved") == "v1"
    (run,) = decisions("moved")
    assert run.state == "failed"
    assert "promoted" not in run.summary


def test_a_decision_that_died_after_the_alias_was_moved_counts(make, new_run):
    make("died", {"spoil": 0.1}, {"spoil": 0.1, "lr": 0.1})
    assert promote("died:v0") == 0
    carry_out(Decision("promote", "production", *(wandb.Api().artifact(f"roads/died:v{number}") for number in (1, 0))))
    config = {"action": "rollback", "model": "died", "alias": "production", "before": "v1", "candidate": "v0"}
    new_run(config=config, job_type="promotion").finish(exit_code=1)
    by_hand("died:v0")
    assert main(["rollback", "roads/died"]) == 2  # not forward to v1, which was rolled back
    assert production("died") == "v0"


@pytest.mark.soak
def test_a_deleted_version_is_not_rolled_back_to(make):
    make("gone", {"spoil": 0.1}, {"spoil": 0.1, "lr": 0.1}, {"spoil": 0.1, "lr": 0.2})
    for version in ("v0", "v1", "v2"):
        assert promote(f"gone:{version}") == 0
    wandb.Api().artifact("roads/gone:v1").delete()
    assert main(["rollback", "roads/gone"]) == 0
    assert production("gone") == "v0"


@pytest.mark.soak
def test_an_alias_given_by_hand_is_rolled_back_to(make):
    make("hand", {"spoil": 0.1}, {"spoil": 0.1, "lr": 0.1})
    by_hand("hand:v0")
    assert promote("hand:v1") == 0
    assert main(["rollback", "roads/hand"]) == 0
    assert production("hand") == "v0"


@pytest.mark.soak
def test_another_model_as_the_measure(make, capsys):
    """A new architecture has an artifact of its own: its first version is compared with the other's production."""
    make("old-kind", {"spoil": 0.1})
    make("new-kind", {"spoil": 0.4})
    promote("old-kind:v0")
    assert promote("new-kind:v0", "--against", "roads/old-kind:production") == 1
    (run,) = decisions("new-kind")
    assert (run.config["against"], run.config["before"]) == ("old-kind:v0", None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["promote", "roads/nothing:v7"], "roads/nothing:v7"),
        (["rollback", "roads/nothing"], "roads/nothing:production"),
        (["lineage", "nothing:v1", "--project", "roads"], "roads/nothing:v1"),
    ],
)
def test_an_unknown_model_is_named(words, message, capsys):
    assert main(words) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--alias", "latest"], ["--alias", "v3"], ["--tolerance", "2"], ["--force", " "]])
def test_impossible_flags_are_refused(flags, capsys):
    with pytest.raises(SystemExit, match="2"):
        promote("any:v0", *flags)
    assert flags[0] in capsys.readouterr().err


def test_a_version_cannot_be_rolled_back(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["rollback", "roads/any:v3"])
    assert "'roads/any:v3' names a version: leave it out" in capsys.readouterr().err


def test_offline_is_said(monkeypatch, capsys):
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert promote("any:v0") == 2
    assert "offline" in capsys.readouterr().err


def test_reasons():
    nan = float("nan")
    changes = [
        Change("dice/Car", 0.9, 0.8, -0.15, -0.05, 0.05, "worse"),
        Change("object_f1/Car", 0.9, 0.8, -0.3, 0.1, 0.05, "not enough data", 1234.5),
        Change("dice/Tram", nan, nan, nan, nan, 0.05, "absent"),
        Change("dice/Bus", 0.9, 0.87, -0.04, -0.02, 0.05, "as good"),
        Change("miou", 0.5, 0.51, -float("inf"), float("inf"), 0.02, "not enough data", float("inf")),
        Change("latency_ms", 10, 15, 4, 6, 2.5, "worse"),
    ]
    car = "dice/Car fell by 0.100 [-0.150, -0.050], more than 0.05"
    slow = "latency_ms grew from 10.0 to 15.0, by 50 %, more than 25 %"
    bus = "dice/Bus fell by 0.030 [-0.040, -0.020], surely, if not more than 0.05"
    found = reasons({"m:v1": changes}, ["Car", "Tram", "Bus"])
    assert found.refusals == [car, slow]
    fall = "object_f1/Car fell by 0.100 [-0.300, 0.100], maybe a fall of more than 0.05"
    assert found.open[0] == f"{fall}: about 1300 frames like these would do"
    assert found.open[1] == "miou rose by 0.010 [?], maybe a fall of more than 0.02: more drives or seeds are needed"
    assert reasons({"m:v1": changes}, ["Car", "Tram", "Bus"], strict=True).refusals == [car, bus, slow]
    twice = reasons({"m:v1": changes[:1], "m:v0": changes[:1]}, ["Car"])
    assert twice.refusals == [f"{car} after m:v1", f"{car} after m:v0"]
    nothing = "no priority class is in the data, so that nothing was judged"
    assert reasons({"m:v1": [changes[2], changes[5]]}, ["Tram"]).refusals == [nothing, slow]


def test_floors():
    scores = {"miou": 0.3, "dice/Car": 0.09, "dice/Tram": None, "dice/Bus": float("nan"), "dice/Road": 0.0}
    assert below(Floors(0.3, 0.1), scores, ["Car", "Tram", "Bus", "Van"]) == [
        "dice/Car is 0.090, below the floor of 0.1"
    ]
