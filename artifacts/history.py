"""The history of an alias: which version has it, and which had it before, from the logged promotions and rollbacks."""

from __future__ import annotations

import wandb

from artifacts.download import collection, find_artifact, version_name
from artifacts.errors import ArtifactError, naming
from files.headlines import PRIORITY_DICE

JOB_TYPE = "promotion"


def alias_holder(model: wandb.Artifact, alias: str) -> wandb.Artifact | None:
    """The version of the same artifact that has the alias."""
    path = f"{model.entity}/{model.project}/{collection(model)}:{alias}"
    with naming(path, "fetched"):
        return wandb.Api().artifact(path, "model") if wandb.Api().artifact_exists(path, "model") else None


def previous_version(current: wandb.Artifact, alias: str) -> wandb.Artifact:
    """The version that had the alias before `current`, from the logged promotions and rollbacks.

    Raises:
        ArtifactError: no earlier promotion is recorded of a version that still exists.
    """
    name = f"{current.entity}/{current.project}/{collection(current)}"
    stack = standing_versions(current, alias)
    while stack and (stack[-1] == current.version or not wandb.Api().artifact_exists(f"{name}:{stack[-1]}", "model")):
        stack.pop()
    if not stack:
        raise ArtifactError(
            f"artifact {version_name(current)!r}: no earlier version with the alias {alias} is recorded, so there is "
            "nothing to roll back to"
        )
    return find_artifact(f"{name}:{stack[-1]}", "model")


def best_so_far(holder: wandb.Artifact, alias: str, candidate: wandb.Artifact) -> wandb.Artifact | None:
    """The version with the highest saved priority Dice among those that had the alias; None if that is `holder`.

    Each promotion may lose a little, so many promotions could lose much. Versions are left out that were rolled back,
    have other classes than the candidate, or were trained on other data.
    """
    name = f"{holder.entity}/{holder.project}/{collection(holder)}"
    best = holder
    for version in standing_versions(holder, alias):
        if version in (candidate.version, holder.version) or not wandb.Api().artifact_exists(
            f"{name}:{version}", "model"
        ):
            continue
        earlier = find_artifact(f"{name}:{version}", "model")
        if _origin(earlier) == _origin(candidate) and _priority_dice(earlier) > _priority_dice(best):
            best = earlier
    return None if best is holder else best


def _origin(model: wandb.Artifact) -> tuple[str | None, str | None]:
    return model.metadata.get("taxonomy"), (model.metadata.get("data_version") or {}).get("digest")


def _priority_dice(model: wandb.Artifact) -> float:
    return float((model.metadata.get("metrics") or {}).get(PRIORITY_DICE.key) or 0.0)


def standing_versions(model: wandb.Artifact, alias: str) -> list[str]:
    """The versions that had the alias, oldest first, without those that were rolled back; `model` has it now."""
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
