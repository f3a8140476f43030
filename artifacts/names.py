"""Names of artifacts: W&B allows fewer characters in them than in the names of projects and runs."""

from __future__ import annotations

import re

UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
LONGEST = 128  # characters


def artifact_name(name: str, ending: str = "") -> str:
    """`name` and `ending` as an artifact's name: each character that W&B does not allow there becomes an underscore.

    `name` is cut where both together are longer than 128 characters.
    """
    return UNFIT.sub("_", name)[: LONGEST - len(ending)] + UNFIT.sub("_", ending)


def names_in(project: str, architecture: str) -> tuple[str, str]:
    """The names of the dataset and the model artifact that a training of a project logs."""
    return artifact_name(project), artifact_name(project, f"-{architecture}")
