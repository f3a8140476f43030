"""Promotion and rollback: move an alias such as `production` to another version; each decision is a run.

The runs have the job type `promotion`. The config of such a run holds the request, and its summary the result. The
models and the data are its inputs, so a model's lineage shows the decisions about it. Only one version of a model
artifact has the alias. `promoted` is written after the alias was moved, so the history shows what really happened.
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
from files.interrupts import unwinding


@dataclass(frozen=True)
class Decision:
    """A decision about an alias.

    Attributes:
        action: promote or rollback.
        alias: the alias.
        candidate: the version that may get the alias.
        holder: the version that has the alias; None if no version has it.
        against: the model that the candidate is compared with, by default the holder.
        data: the dataset artifact on which both were compared, if the server has it.
        settings: margins and floors, for the run's config.
        changes_from: the changes from each reference model to the candidate.
        refusals: reasons for a refusal; empty if there are none.
        open: the figures for which there is not enough data.
        why: the reason that a person gives; for a promotion, it overrules `refusals` and `open`.
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
        """The result: ``worse``, ``not enough data``, or ``as good``, which includes better."""
        return WORSE if self.refusals else OPEN if self.open else AS_GOOD

    def __str__(self) -> str:
        """The decision, with a line for each reason."""
        name = version_name(self.candidate)
        against = " and ".join(self.changes_from)
        if self.answer != AS_GOOD:
            word = "overruled" if self.accepted else "refused" if self.refusals else OPEN
            found = "\n  ".join((f"{word}: {name}", *self.refusals, *self.open))
            return f"{found}\n{name} now has the alias {self.alias}" if self.accepted else found
        was = f", in place of {version_name(self.holder)}" if self.holder else ""
        good = f": it is better than {against}, or as good, in every figure" if against else ""
        return f"{name} now has the alias {self.alias}{was}{good}"


def carry_out(decision: Decision, said: str = "") -> None:
    """Log the decision as a run, and move the alias if it is accepted; print what was done, and where the run is seen.

    Args:
        decision: a promotion or a rollback.
        said: what is printed if it was carried out; empty prints the decision.

    Raises:
        ArtifactError: the server refuses the alias, or another version got it after the decision was made; the run then
            ends as failed, with the reason.
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
    last: list[str] = []
    with (
        unwinding(),
        tempfile.TemporaryDirectory() as folder,
        tracked(start_run(config, folder=Path(folder), name=name, **place), last) as run,
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
        last += [said or str(decision), sync_hint(run)]


def move_alias(model: wandb.Artifact, alias: str, holder: wandb.Artifact | None) -> None:
    """Give the alias to this version; the server takes it from `holder`. Raises ArtifactError if `holder` lost it."""
    now = alias_holder(model, alias)
    if (now and now.version) != (holder and holder.version):
        raise ArtifactError(
            f"artifact {version_name(model)!r} does not get the alias {alias}: meanwhile "
            f"{version_name(now) if now else 'no version'} has it; start the same command again to compare with that"
        )
    with naming(model.name, f"given the alias {alias!r}"):
        model.aliases = [*model.aliases, alias]
        model.save()


def who() -> str:
    """The W&B user, the user's name on this machine, and the machine's name."""
    viewer = wandb.Api().viewer
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # containers run as users without a name; the error depends on Python's version
        user = f"user {os.getuid()}"
    return f"{viewer.username if viewer else 'unknown'} ({user}@{socket.gethostname()})"
