"""Whose alias it is: moved meanwhile, given by hand, of a version that is deleted."""

import pytest
import wandb

from artifacts.__main__ import main
from artifacts.errors import ArtifactError
from artifacts.promotion import Decision, carry_out
from tests.artifacts.promoted import decisions, production, promote

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]


def by_hand(name):
    version = wandb.Api().artifact(f"roads/{name}")
    version.aliases.append("production")
    version.save()
    return version


@pytest.mark.soak
def test_an_alias_that_has_moved_since_is_left(make):
    """Two promotions at once: what was weighed against v0 does not take the place of v1."""
    make("moved", {"spoil": 0.1}, {"spoil": 0.1, "lr": 0.1}, {"spoil": 0.1, "lr": 0.2})
    weighed = Decision("promote", "production", wandb.Api().artifact("roads/moved:v2"), by_hand("moved:v0"))
    by_hand("moved:v1")
    with pytest.raises(ArtifactError, match=r"moved:v2' does not get the alias production: meanwhile moved:v1 has it"):
        carry_out(weighed)
    assert production("moved") == "v1"
    (run,) = decisions("moved")
    assert run.state == "failed"
    assert "promoted" not in run.summary


@pytest.mark.soak
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
