"""What models are compared on, and what cannot be compared."""

from typing import Any

import pytest
import yaml

from artifacts.__main__ import main
from camvid.layouts import content_digest
from camvid.taxonomy import load_taxonomy
from tests.artifacts.promoted import decisions, production, promote

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]


def test_a_model_of_classes_alone_does_not_follow_one_with_depth(make, capsys):
    joint = {"architecture": "hydra", "tasks": ["segmentation", "depth"]}
    make("deep", {"spoil": 0.1} | joint, {"spoil": 0.1})
    assert promote("deep:v0") == 0
    assert promote("deep:v1") == 2
    assert "deep:v0 predicts depth and deep:v1 does not, so they cannot be compared" in capsys.readouterr().err
    assert production("deep") == "v0"


@pytest.mark.soak
def test_what_cannot_be_compared_is_said(make, capsys):
    unlike: dict[str, dict[str, Any]] = {
        "different taxonomies (camvid11 and camvid32)": {"taxonomy": "camvid32"},
        "give --dataset NAME:VERSION to evaluate both on it": {"digest": "d1"},
        "different splits (official, seed 0, and sequence, seed 0)": {"split": "sequence"},
        "the server does not have the data it was trained on; give --dataset": {"spoil": None},
    }
    make("unlike", {"spoil": 0.1}, *({"spoil": 0.1} | other for other in unlike.values()))
    promote("unlike:v0")
    for version, message in enumerate(unlike, start=1):
        assert promote(f"unlike:v{version}") == 2
        assert message in capsys.readouterr().err
    assert production("unlike") == "v0"
    assert promote("unlike:v1", "--force", "new classes") == 0
    assert (
        "overruled: unlike:v1\n  not compared: unlike:v0 and unlike:v1 have different taxonomies"
        in capsys.readouterr().out
    )
    forced = decisions("unlike")[-1].summary
    assert (forced["forced"], forced["why"]) == (True, "new classes")
    assert production("unlike") == "v1"


@pytest.mark.soak
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
    assert "refused: plain:v1\n  miou fell by" in out
    assert "\n  dice/Car fell by" in out
    assert "priority_dice" not in out
    assert err.count("taxonomy mine has no priority class: ") == 1


@pytest.mark.soak
def test_without_records_both_are_evaluated(make, dataset, capsys):
    digest = content_digest(dataset)
    make("bare", {"digest": digest, "spoil": 0.1}, {"digest": digest}, dataset=dataset)
    promote("bare:v0")
    assert promote("bare:v1") == 1  # two frames
    out = capsys.readouterr().out
    assert "evaluating all models on drawn:v0 (no records per image were saved with bare:v1)" in out
    assert "2 val frames" in out
    assert "the 2 frames come from too few stretches of drives; more drives or seeds are needed" in out


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
    assert "'roads/any:v3': give the name without a version" in capsys.readouterr().err


def test_offline_is_said(monkeypatch, capsys):
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert promote("any:v0") == 2
    assert "offline" in capsys.readouterr().err
