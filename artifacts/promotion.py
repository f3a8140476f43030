"""Promotion: moving an alias such as `production` to a model, only if it may, and back; each decision is a run.

The runs have the job type `promotion`. Their config says what was asked, their summary what came of it, the models and
the data are their inputs, so that a model's lineage shows where it was weighed. The alias is unique among the versions
of one model artifact. A run's `promoted` is written after the alias was moved: history is what really happened.
"""

from __future__ import annotations

import getpass
import os
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import wandb

from artifacts.download import collection, version_name
from artifacts.errors import ArtifactError, naming
from artifacts.history import JOB_TYPE, alias_holder
from artifacts.publish import publish
from artifacts.run import start_run, sync_hint, tracked
from artifacts.verdict import Changes, change_rows
from eval.noninferiority import AS_GOOD, OPEN, WORSE


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
        settings: margins, floors and the like, for the run's config.
        changes_from: what changes from each model that is the measure.
        refusals: why not, one reason each; empty where nothing speaks against it.
        open: what there is not enough data for, likewise.
        why: the reason a person gives; for a promotion, it overrules both.
    """

    action: str
    alias: str
    candidate: wandb.Artifact
    holder: wandb.Artifact | None
    against: wandb.Artifact | None = None
    data: wandb.Artifact | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    changes_from: Changes = field(default_factory=dict)
    refusals: Sequence[str] = ()
    open: Sequence[str] = ()
    why: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the alias moves."""
        return self.answer == AS_GOOD or bool(self.why)

    @property
    def answer(self) -> str:
        """What was found: ``worse``, ``not enough data`` or ``as good``, which is better as well."""
        return WORSE if self.refusals else OPEN if self.open else AS_GOOD

    def __str__(self) -> str:
        """The decision, and why: a line for each reason."""
        name = version_name(self.candidate)
        against = " and ".join(self.changes_from)
        if self.answer != AS_GOOD:
            word = "overruled" if self.accepted else "refused" if self.refusals else OPEN
            found = "\n  ".join((f"{word}: {name}", *self.refusals, *self.open))
            return f"{found}\n{name} is {self.alias} now" if self.accepted else found
        was = f"; it was {version_name(self.holder)}" if self.holder else ""
        good = f": better than {against}, or as good, in every figure" if against else ""
        return f"{name} is {self.alias} now{was}{good}"


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
        if decision.changes_from:
            run.log({"promotion/changes": change_rows(decision.changes_from)})
        summary = {"promoted": decision.accepted, "by": who(), "why": decision.why, "answer": decision.answer}
        summary |= {"refusals": list(decision.refusals), "open": list(decision.open)}
        if decision.accepted:
            move_alias(model, decision.alias, holder)
        run.summary.update(summary | {"forced": decision.answer != AS_GOOD and decision.accepted})
        return sync_hint(run)


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
