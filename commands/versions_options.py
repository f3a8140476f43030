"""The command line of `python -m artifacts`."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path

from artifacts.publish import artifact_name
from files.headlines import MIOU, PRIORITY_DICE
from flags import FlagParser, between, drop_empty_variables, require_own


def parse(words: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """Parse a command line; `command` is the name of its command.

    Raises:
        SystemExit: after `--help`, or for an invalid command line (code 2, with a message on stderr).
    """
    drop_empty_variables()
    require_own("models", "training")
    layout = argparse.RawDescriptionHelpFormatter
    top = FlagParser(prog="python -m artifacts", description=description, formatter_class=layout)
    names = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    dataset = names.add_parser("dataset", help="log a data set as an artifact, for sweeps and for other machines")
    dataset.add_argument("root", type=Path, metavar="ROOT", help="folder that holds the data set")
    dataset.add_argument("--name", type=_artifact, help="name of the artifact (default: the project's name)")
    dataset.add_argument("--taxonomy", default="auto", help="a built-in one, own, a file, or auto (default)")
    dataset.add_argument(
        "--reference",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="upload no files, but note their address: ROOT itself (file://), or the same files at s3://… or gs://…",
    )

    promote = names.add_parser(
        "promote",
        help="move an alias to a model if it is as good as the model that has the alias, and the best that had it",
    )
    promote.add_argument(
        "model", metavar="MODEL", help="the candidate, e.g. camvid-unet:v3 or entity/project/name:alias"
    )
    promote.add_argument(
        "--against", metavar="MODEL", help="compare with this model, not with the model that has the alias"
    )
    promote.add_argument(
        "--dataset", metavar="ARTIFACT", help="evaluate both models on this data version, e.g. camvid:v1"
    )
    promote.add_argument("--split", choices=["val", "test"], default="val", help="split to compare on (default val)")
    shares = {
        "--tolerance": (
            0.05,
            "how far Dice or object F1 of a priority class may fall; Dice of any other class may fall twice as far",
        ),
        "--mean-tolerance": (0.02, f"how far {MIOU.label}, {PRIORITY_DICE.label} and depth/delta1 may fall"),
        "--floor": (0.1, "lowest allowed Dice of each priority class, also without a comparison"),
        "--miou-floor": (0.25, f"lowest allowed {MIOU.label}, also without a comparison"),
    }
    for name, (default, text) in shares.items():
        promote.add_argument(
            name, type=between(0, 1), default=default, metavar="SHARE", help=f"{text} (default {default:g})"
        )
    promote.add_argument(
        "--confidence", type=between(0.5, 0.999), default=0.95, help="confidence of the intervals (default 0.95)"
    )
    promote.add_argument(
        "--latency-limit",
        type=between(0, 100),
        default=0.25,
        metavar="SHARE",
        help="share by which latency may grow (default 0.25)",
    )
    promote.add_argument(
        "--strict", action="store_true", help="also refuse a fall within the tolerance if it is not chance"
    )
    promote.add_argument(
        "--force",
        metavar="WHY",
        type=_text,
        help="promote the model whatever the comparison says, even if none is possible; WHY is recorded",
    )
    promote.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)  # nothing is drawn any more
    promote.add_argument(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="where the models run (default auto)"
    )

    rollback = names.add_parser("rollback", help="move the alias back to the version that had it before")
    rollback.add_argument(
        "model", metavar="NAME", type=_name, help="the model artifact without a version, e.g. camvid-unet"
    )
    rollback.add_argument("--why", type=_text, help="the reason, which is recorded")

    lineage = names.add_parser("lineage", help="print the data, run, sweep and code that a model was made from")
    lineage.add_argument("model", metavar="MODEL", help="e.g. camvid-unet:production")

    for parser in (promote, rollback):
        parser.add_argument("--alias", type=_alias, default="production", help="the alias (default production)")
    project = os.environ.get("WANDB_PROJECT", "camvid")
    for parser in (dataset, promote, rollback, lineage):
        parser.add_argument("--project", default=project, help=f"W&B project, if the name has none (default {project})")
        parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return top.parse_args(words)


def _alias(text: str) -> str:
    if text == "latest" or not re.fullmatch(r"(?!v\d+$)[A-Za-z][\w.-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; give a word that is neither latest nor a version")
    return text


def _name(text: str) -> str:
    if ":" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r}: give the name without a version; --alias names the alias to move back"
        )
    return text


def _artifact(text: str) -> str:
    if not text or artifact_name(text) != text:
        allowed = "1 to 128 letters, digits, dots, dashes and underscores"
        raise argparse.ArgumentTypeError(f"{text!r} is not a valid artifact name; use {allowed}")
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the reason is empty; give one")
    return text.strip()
