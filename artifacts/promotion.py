"""Promotion: moving an alias such as `production` to a model, only if it may, and back; each decision is a run.

The runs have the job type `promotion`. Their config says what was asked, their summary what came of it, the models and
the data are their inputs, so that a model's lineage shows where it was weighed. The alias is unique among the versions
of one model artifact. A run's `promoted` is written after the alias was moved: history is what really happened.
"""

from __future__ import annotations

import getpass
import math
import os
import socket
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import wandb

from artifacts.download import collection, find_artifact, version_name
from artifacts.errors import ArtifactError, naming
from artifacts.publish import publish
from artifacts.run import start_run, sync_hint, tracked
from eval.compare import Change

JOB_TYPE = "promotion"


@dataclass(frozen=True)
class Decision:
    """What is decided about an alias.

    Attributes:
        action: promote or rollback.
        alias: the alias.
        candidate: the version that gets it, or does not.
        holder: the version that has it; None where none has.
        against: the model that the candidate is compared with, by default the holder.
        data: the dataset artifact both were compared on, if the server has it.
        settings: tolerance, confidence and the like, for the run's config.
        changes: the comparison.
        refusals: why not, one reason each; empty where nothing speaks against it.
        why: the reason a person gives; for a promotion, it overrules the refusals.
    """

    action: str
    alias: str
    candidate: wandb.Artifact
    holder: wandb.Artifact | None
    against: wandb.Artifact | None = None
    data: wandb.Artifact | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    refusals: Sequence[str] = ()
    why: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the alias moves."""
        return not self.refusals or bool(self.why)


def alias_holder(model: wandb.Artifact, alias: str) -> wandb.Artifact | None:
    """The version of the same artifact that has the alias."""
    path = f"{model.entity}/{model.project}/{collection(model)}:{alias}"
    with naming(path, "fetched"):
        return wandb.Api().artifact(path, "model") if wandb.Api().artifact_exists(path, "model") else None


def refusals(changes: Iterable[Change], *, tolerance: float, limit: float, strict: bool) -> list[str]:
    """Why a candidate may not be promoted, in words.

    Args:
        changes: from `eval.compare`.
        tolerance: how far a score may fall.
        limit: by which share latency may grow.
        strict: refuse falls as well that may be chance.
    """
    changes, reasons = list(changes), []
    judged = [change for change in changes if change.key.startswith(("dice/", "object_recall/"))]
    if judged and all(change.verdict == "absent" for change in judged):
        reasons.append("no priority class is in the data, so that nothing was judged")
    for change in changes:
        difference = change.after - change.before
        if change.verdict not in ("worse", "unclear" if strict else "worse"):
            continue
        if change.key == "latency_ms":
            share = f"{100 * difference / change.before:.0f} %, more than {100 * limit:g} %"
            reasons.append(f"{change.key} grew from {change.before:.1f} to {change.after:.1f}, by {share}")
            continue
        chance = "" if change.verdict == "worse" else ", which may be chance (--strict)"
        interval = f"[{change.low:.3f}, {change.high:.3f}]"
        reasons.append(f"{change.key} fell by {-difference:.3f} {interval}, more than {tolerance:g}{chance}")
    return reasons


def carry_out(decision: Decision) -> str:
    """Log the decision as a run, move the alias if it is accepted; returns where the run can be seen.

    Raises:
        ArtifactError: the server refuses the alias, or another version has got it since the decision was made; the run
            is then failed and says why.
    """
    model, holder, against = decision.candidate, decision.holder, decision.against
    config = {
        "action": decision.action,
        "alias": decision.alias,
        "model": collection(model),
        "candidate": model.version,
        "before": holder.version if holder else None,
        "against": version_name(against) if against else None,
        "data": version_name(decision.data) if decision.data else None,
        **decision.settings,
    }
    place: dict[str, Any] = {"entity": model.entity, "project": model.project, "job_type": JOB_TYPE}
    name = f"{decision.action} {version_name(model)}"
    with (
        tempfile.TemporaryDirectory() as folder,
        tracked(start_run(config, folder=Path(folder), name=name, **place)) as run,
    ):
        inputs = {item.id: item for item in (model, holder, against, decision.data) if item}
        for artifact in inputs.values():
            publish(run, artifact, use=True)
        if decision.changes:
            run.log({"promotion/changes": change_rows(decision.changes)})
        summary = {"promoted": decision.accepted, "refusals": list(decision.refusals), "by": who(), "why": decision.why}
        if decision.accepted:
            move_alias(model, decision.alias, holder)
        run.summary.update(summary | {"forced": bool(decision.refusals) and decision.accepted})
        return sync_hint(run)


def change_rows(changes: Iterable[Change]) -> wandb.Table:
    """The comparison as a table; what is undefined is null."""
    columns: list[str | int] = ["key", "before", "after", "change", "low", "high", "verdict"]
    table = wandb.Table(columns=columns)
    for change in changes:
        figures = (change.before, change.after, change.after - change.before, change.low, change.high)
        table.add_data(change.key, *(None if math.isnan(figure) else figure for figure in figures), change.verdict)
    return table


def move_alias(model: wandb.Artifact, alias: str, holder: wandb.Artifact | None) -> None:
    """Give the alias to this version; the server takes it from `holder`, if that still has it."""
    now = alias_holder(model, alias)
    if (now and now.version) != (holder and holder.version):
        raise ArtifactError(
            f"artifact {version_name(model)!r} is not made {alias}: meanwhile {version_name(now) if now else 'none'} "
            "is; weigh it against that one, by the same command"
        )
    with naming(model.name, f"given the alias {alias!r}"):
        model.aliases = [*model.aliases, alias]
        model.save()


def who() -> str:
    """The W&B user, and who that is on which machine."""
    viewer = wandb.Api().viewer
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # containers run as users without a name; the error depends on Python's version
        user = f"user {os.getuid()}"
    return f"{viewer.username if viewer else 'unknown'} ({user}@{socket.gethostname()})"


def previous_version(current: wandb.Artifact, alias: str) -> wandb.Artifact:
    """The version that had the alias before `current`, by the promotions and rollbacks that were logged.

    Raises:
        ArtifactError: no promotion of another version that still exists is recorded.
    """
    name = f"{current.entity}/{current.project}/{collection(current)}"
    stack = standing_versions(current, alias)
    while stack and (stack[-1] == current.version or not wandb.Api().artifact_exists(f"{name}:{stack[-1]}", "model")):
        stack.pop()
    if not stack:
        raise ArtifactError(
            f"artifact {version_name(current)!r}: no {alias} before it is recorded, nothing to go back to"
        )
    return find_artifact(f"{name}:{stack[-1]}", "model")


def standing_versions(model: wandb.Artifact, alias: str) -> list[str]:
    """The versions that held the alias, oldest first, without those that were rolled back; `model` holds it now."""
    stack: list[str] = []
    place = f"{model.entity}/{model.project}"
    for run in wandb.Api().runs(place, {"jobType": JOB_TYPE}, order="+created_at", lazy=False):
        config = run.config
        if (config.get("model"), config.get("alias")) != (collection(model), alias):
            continue
        before, candidate = config["before"], config["candidate"]
        promoted = run.summary_metrics.get("promoted")
        if not (candidate == model.version if promoted is None else promoted):  # None: it died, maybe after the move
            continue
        if config["action"] == "rollback":
            while stack and stack[-1] != candidate:
                stack.pop()
        elif before and before not in stack[-1:]:  # someone gave it by hand
            stack.append(before)
        if stack[-1:] != [candidate]:
            stack.append(candidate)
    return stack
