"""The name of an artifact, and logging it to a run, online and offline."""

from __future__ import annotations

import re
from collections.abc import Iterable

import wandb

from artifacts.errors import naming

UNFIT = re.compile(r"[^A-Za-z0-9_.-]")  # projects and runs may have more characters in their names
LONGEST = 128  # characters


def publish(
    run: wandb.Run, artifact: wandb.Artifact, aliases: Iterable[str] = (), *, use: bool = False
) -> wandb.Artifact:
    """Log an artifact, alias `latest` included; online, wait until the server holds it, so that its version is known.

    The client does not copy the uploaded files into its cache. They are fetched again if they are needed.

    Args:
        run: the run that logs it.
        artifact: a new one, or one that the server already has.
        aliases: further aliases.
        use: online, note it as an input of the run as well (the client cannot do so offline).

    Raises:
        ArtifactError: the server does not take it.
    """
    if run.disabled:
        return artifact
    if artifact.is_draft():
        for entry in artifact.manifest.entries.values():
            entry.skip_cache = True
    if run.offline:
        return run.log_artifact(artifact, aliases=list(aliases))
    give = run.use_artifact if use else run.log_artifact
    with naming(artifact.name, "logged"):
        return give(artifact, aliases=list(aliases)).wait()


def artifact_name(name: str, ending: str = "") -> str:
    """`name` and `ending` as an artifact's name: each character that W&B does not allow there becomes an underscore.

    `name` is cut where both together are longer than 128 characters.
    """
    return UNFIT.sub("_", name)[: LONGEST - len(ending)] + UNFIT.sub("_", ending)


def names_in(project: str, architecture: str) -> tuple[str, str]:
    """The names of the dataset and the model artifact that a training of a project logs."""
    return artifact_name(project), artifact_name(project, f"-{architecture}")
