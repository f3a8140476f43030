"""Log a data set, promote a model, roll a promotion back, or see what a model came from.

python -m artifacts dataset ROOT                        log a data set; unchanged data makes no new version
python -m artifacts dataset ROOT --reference            the same, but upload no files: note their address
python -m artifacts promote MODEL --alias production    move the alias, if the model is as good in every figure
python -m artifacts rollback NAME --alias production    move the alias back to the version that had it before
python -m artifacts lineage MODEL                       print data version, run, sweep and code version

MODEL is a W&B artifact such as camvid-unet:v3. The exit code is 1 if a promotion is refused or the data is not enough
to decide, and 2 for an error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from artifacts.errors import CLIENT_ERRORS
from commands.versions_options import parse

if TYPE_CHECKING:  # what takes seconds more to import is imported by the command that needs it
    import wandb

    from artifacts.promotion import Decision


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0, 1 for no promotion, 2 for an error that the user can fix (one line on stderr)."""
    options = parse(arguments, __doc__)
    try:
        return COMMANDS[options.command](options)
    except (*CLIENT_ERRORS, ValueError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        by = "W&B: " if isinstance(error, CLIENT_ERRORS) else ""
        print(f"error: {by}{error}", file=sys.stderr)
        return 2


def _log_dataset(options: argparse.Namespace) -> int:
    from artifacts.dataset import log_dataset, log_reference
    from artifacts.download import version_name
    from artifacts.publish import artifact_name
    from artifacts.run import start_run, sync_hint, tracked
    from camvid.layouts import content_digest, open_dataset
    from files.interrupts import unwinding

    dataset = open_dataset(options.root, options.taxonomy, depth=True)
    config = {"root": str(options.root), "taxonomy": dataset.taxonomy.name}
    with (
        unwinding(),
        tempfile.TemporaryDirectory() as folder,
        tracked(start_run(config, project=options.project, folder=Path(folder), job_type="dataset")) as run,
    ):
        if run.offline:
            raise ValueError("a data set can only be logged online; log in (`wandb login`) or set WANDB_BASE_URL")
        name = options.name or artifact_name(options.project)
        digest, address = content_digest(dataset), options.reference
        if address is None:
            logged = log_dataset(run, dataset, name, digest=digest)
        else:
            logged = log_reference(run, dataset, name, digest=digest, address=address)
        print(f"dataset: {logged.entity}/{logged.project}/{version_name(logged)}\n{sync_hint(run)}")
    return 0


def _promote(options: argparse.Namespace) -> int:
    from artifacts.download import version_name
    from artifacts.history import alias_holder
    from artifacts.promotion import Decision, carry_out

    candidate = _find(options.model, options)
    holder = alias_holder(candidate, options.alias)
    if holder and holder.version == candidate.version:
        print(f"{version_name(candidate)} already has the alias {options.alias}")
        return 0
    against = _find(options.against, options) if options.against else holder
    data = _dataset(candidate, options)
    if against is None:
        print(
            f"{version_name(candidate)}: no version has the alias {options.alias}, so there is nothing to compare with"
        )
    decision = _weighed(
        Decision("promote", options.alias, candidate, holder, against, data, why=options.force or ""), options
    )
    carry_out(decision)
    return 0 if decision.accepted else 1


def _weighed(decision: Decision, options: argparse.Namespace) -> Decision:
    """The decision with the results of the comparison; `--force` also works if the models cannot be compared."""
    from artifacts.history import best_so_far
    from artifacts.verdict import Floors, below, reasons
    from commands.weighing import weigh

    candidate, holder, against = decision.candidate, decision.holder, decision.against
    names = ("split", "tolerance", "mean_tolerance", "confidence", "latency_limit", "floor", "miou_floor", "strict")
    decision = replace(decision, settings={name: getattr(options, name) for name in names})
    best = best_so_far(holder, options.alias, candidate) if holder and not options.against else None
    try:
        found = weigh([model for model in (against, best) if model], candidate, decision.data, options)
    except ValueError as error:
        if not options.force:
            raise
        return replace(decision, refusals=[f"not compared: {error}"])
    said = reasons(found.changes_from, found.priority, strict=options.strict)
    low = below(Floors(options.miou_floor, options.floor), found.scores, found.priority)
    return replace(decision, changes_from=found.changes_from, refusals=[*low, *said.refusals], open=said.open)


def _rollback(options: argparse.Namespace) -> int:
    from artifacts.download import version_name
    from artifacts.history import previous_version
    from artifacts.promotion import Decision, carry_out

    current = _find(f"{options.model}:{options.alias}", options)
    previous = previous_version(current, options.alias)
    said = f"{version_name(previous)} again has the alias {options.alias}, in place of {version_name(current)}"
    carry_out(Decision("rollback", options.alias, previous, current, why=options.why or ""), said)
    return 0


def _lineage(options: argparse.Namespace) -> int:
    from artifacts.lineage import lineage, lineage_text

    model = _find(options.model, options)
    print(f"{lineage_text(lineage(model))}\n\nas a graph: {model.url}")
    return 0


def _dataset(model: wandb.Artifact, options: argparse.Namespace) -> wandb.Artifact | None:
    """The data version that was asked for, else the one that the model was trained on, if the server has it."""
    from artifacts.lineage import data_of

    return _find(options.dataset, options, "dataset") if options.dataset else data_of(model)


def _find(name: str, options: argparse.Namespace, kind: str = "model") -> wandb.Artifact:
    from artifacts.download import find_artifact

    return find_artifact(name if "/" in name else f"{options.project}/{name}", kind)


COMMANDS = {"dataset": _log_dataset, "promote": _promote, "rollback": _rollback, "lineage": _lineage}
