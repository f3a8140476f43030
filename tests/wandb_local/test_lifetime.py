"""How long artifact versions live."""

import datetime as dt
import json
import time
from typing import Any

import pytest
import wandb
from wandb.sdk.artifacts.artifact_ttl import ArtifactTTL

from tests.wandb_local.test_artifacts import log
from tests.wandb_local.test_stored_files import blob_of

pytestmark = pytest.mark.usefixtures("server")


def test_a_time_to_live_is_kept_as_it_was_set(project):
    day = dt.timedelta(days=1)
    lives = {"d": 2 * day, "e": None, "f": ArtifactTTL.INHERIT, "g": 2 * day, "h": day}
    # Each is logged once more, and what lives longer counts.
    again: dict[str, Any] = {"d": day, "e": day, "g": ArtifactTTL.INHERIT, "h": 2 * day}
    with wandb.init(project=project) as run:
        for name, ttl in lives.items():
            log(run, name, {"a.txt": name}, ttl=ttl)
        for name, ttl in again.items():
            log(run, name, {"a.txt": name}, ttl=ttl)
        with pytest.raises(ValueError, match="of the type 'code' are made by wandb itself"):
            log(run, "c", {"a.txt": "c"}, ttl=day, type="code")
    found = {name: wandb.Api().artifact(f"local/{project}/{name}:v0") for name in lives}
    longest = found.pop("h").ttl  # from the second time on, which may have been a second later
    assert longest and 2 * day <= longest < 2.1 * day
    assert {name: (a.ttl, a._ttl_is_inherited) for name, a in found.items()} == {
        "d": (2 * day, False),
        "e": (None, False),
        "f": (None, True),
        "g": (None, True),
    }
    found["d"].ttl = None
    found["d"].save()
    back = wandb.Api().artifact(f"local/{project}/d:v0")
    assert (back.ttl, back._ttl_is_inherited) == (None, False)


def test_gc_deletes_what_has_outlived_its_time_unless_something_names_it(server, project):
    with wandb.init(project=project) as run:
        for text in ("old", "named", "linked", "kept", "latest"):
            ttl = None if text == "kept" else dt.timedelta(seconds=1)
            version = log(run, "data", {"a.txt": f"{project} {text}"}, ttl=ttl, aliases=["best"] * (text == "named"))
            if text == "linked":
                run.link_artifact(version, f"{project}/links")
        log(run, "other", {"a.txt": f"{project} linked"})  # what its files share with others stays
    time.sleep(1.1)
    dry = json.loads(server.ask("/gc", b'{"grace": 0, "dry_run": true}'))
    assert json.loads(server.ask("/gc", b'{"grace": 0}')) == dry
    assert dry["expired"] == 1
    left = [version.name for version in wandb.Api().artifacts("dataset", f"local/{project}/data")]
    assert left == ["data:v4", "data:v3", "data:v2", "data:v1"]
    assert not blob_of(server, f"{project} old".encode()).exists()
    assert blob_of(server, f"{project} named".encode()).exists()
