"""Log a data set, promote a model, roll a promotion back, or see what a model came from.

python -m artifacts dataset ROOT                        a data set as an artifact; unchanged, it makes no new version
python -m artifacts promote MODEL --alias production    if no priority class got worse and it is no slower
python -m artifacts rollback NAME --alias production    to the version that had the alias before
python -m artifacts lineage MODEL                       data version, run, sweep and code version, printed and drawn

MODEL is a W&B artifact such as camvid-unet:v3. A refused promotion ends with exit code 1, a mistake with 2.
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
from artifacts.options import parse

if TYPE_CHECKING:  # what takes seconds more to import is imported by the command that needs it
    import wandb

    from artifacts.promotion import Decision


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0, 1 for a refused promotion, 2 for what the user can mend (one line on stderr)."""
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
    from artifacts.dataset import log_dataset
    from artifacts.download import version_name
    from artifacts.names import artifact_name
    from artifacts.run import start_run, sync_hint, tracked
    from camvid.layouts import content_digest, open_camvid

    dataset = open_camvid(options.root, options.taxonomy)
    config = {"root": str(options.root), "taxonomy": dataset.taxonomy.name}
    with (
        tempfile.TemporaryDirectory() as folder,
        tracked(start_run(config, project=options.project, folder=Path(folder), job_type="dataset")) as run,
    ):
        if run.offline:
            raise ValueError("the data set goes to a server: log in (`wandb login`) or set WANDB_BASE_URL")
        name = options.name or artifact_name(options.project)
        logged = log_dataset(run, dataset, name, digest=content_digest(dataset))
        print(f"dataset: {logged.entity}/{logged.project}/{version_name(logged)}\n{sync_hint(run)}")
    return 0


def _promote(options: argparse.Namespace) -> int:
    from artifacts.download import version_name
    from artifacts.promotion import Decision, alias_holder, carry_out

    candidate = _find(options.model, options)
    holder = alias_holder(candidate, options.alias)
    if holder and holder.version == candidate.version:
        print(f"{version_name(candidate)} is {options.alias} already")
        return 0
    against = _find(options.against, options) if options.against else holder
    data = _dataset(candidate, options)
    decision = Decision("promote", options.alias, candidate, holder, against, data, why=options.force or "")
    if against is None:
        print(f"{version_name(candidate)}: no version is {options.alias}, nothing to compare it with")
    else:
        decision = _weighed(decision, against, options)
    seen = carry_out(decision)
    for reason in decision.refusals:
        print(f"{'overruled' if decision.accepted else 'refused'}: {reason}")
    if decision.accepted:
        was = f"; it was {version_name(holder)}" if holder else ""
        print(f"{version_name(candidate)} is {options.alias} now{was}")
    print(seen)
    return 0 if decision.accepted else 1


def _weighed(decision: Decision, against: wandb.Artifact, options: argparse.Namespace) -> Decision:
    """The decision with what was found; who forces it overrules as well that the two cannot be compared."""
    from artifacts.promotion import refusals
    from artifacts.weighing import weigh

    names = ("split", "tolerance", "confidence", "latency_limit", "strict")
    decision = replace(decision, settings={name: getattr(options, name) for name in names})
    try:
        changes = weigh(against, decision.candidate, decision.data, options)
    except ValueError as error:
        if not options.force:
            raise
        return replace(decision, refusals=[f"not compared: {error}"])
    limits = {"tolerance": options.tolerance, "limit": options.latency_limit}
    reasons = refusals(changes, strict=options.strict, **limits)
    for reason in refusals(changes, strict=True, **limits):
        if reason not in reasons:
            print(f"unclear: {reason}")
    return replace(decision, changes=changes, refusals=reasons)


def _rollback(options: argparse.Namespace) -> int:
    from artifacts.download import version_name
    from artifacts.promotion import Decision, carry_out, previous_version

    current = _find(f"{options.model}:{options.alias}", options)
    previous = previous_version(current, options.alias)
    seen = carry_out(Decision("rollback", options.alias, previous, current, why=options.why or ""))
    print(f"{version_name(previous)} is {options.alias} again; it was {version_name(current)}\n{seen}")
    return 0


def _lineage(options: argparse.Namespace) -> int:
    from artifacts.download import version_name
    from artifacts.drawing import draw_lineage
    from artifacts.lineage import lineage, lineage_text

    model = _find(options.model, options)
    found = lineage(model)
    out = options.out or Path(f"{version_name(model).replace(':', '-')}.svg")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(draw_lineage(found), encoding="utf-8")
    print(f"{lineage_text(found)}\n\ndrawn: {out}")
    return 0


def _dataset(model: wandb.Artifact, options: argparse.Namespace) -> wandb.Artifact | None:
    """The data version that was asked for, else the one that the model was trained on, if the server has it."""
    from artifacts.lineage import data_of

    return _find(options.dataset, options, "dataset") if options.dataset else data_of(model)


def _find(name: str, options: argparse.Namespace, kind: str = "model") -> wandb.Artifact:
    from artifacts.download import find_artifact

    return find_artifact(name if "/" in name else f"{options.project}/{name}", kind)


COMMANDS = {"dataset": _log_dataset, "promote": _promote, "rollback": _rollback, "lineage": _lineage}

if __name__ == "__main__":
    sys.exit(main())
