"""The variance that the seed adds to the scores, from versions of a model that differ only in their seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

import wandb

from artifacts.download import collection
from artifacts.errors import naming
from eval.evidence import Spread, pooled

MOST_VERSIONS = 200  # the newest, that are looked through


def seed_spread(*models: wandb.Artifact) -> dict[str, Spread]:
    """By metric, the variance that seeds add to a change between models of these recipes.

    It is twice the variance over the seeds of a recipe, from the metrics that were logged with the models. Versions of
    earlier releases have no recipe and are ignored. Without two seeds of a recipe, nothing is added.

    Raises:
        ArtifactError: the server does not answer.
    """
    recipes = {model.metadata.get("recipe") for model in models} - {None}
    seeds: dict[tuple[str, int], dict[str, float]] = {}  # the newest of a seed
    for version in _versions(models) if recipes else ():
        metadata = version.metadata
        if metadata.get("recipe") in recipes:
            seeds.setdefault((metadata["recipe"], metadata.get("seed") or 0), metadata.get("metrics") or {})
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (recipe, _), metrics in seeds.items():
        for key, value in metrics.items():
            if isinstance(value, int | float):
                values[key][recipe].append(value)
    spreads = {key: pooled(groups.values()) for key, groups in values.items()}
    return {key: Spread(2 * spread.variance, spread.freedom) for key, spread in spreads.items() if spread.variance}


def _versions(models: Iterable[wandb.Artifact]) -> Iterable[wandb.Artifact]:
    for name in dict.fromkeys(f"{model.entity}/{model.project}/{collection(model)}" for model in models):
        with naming(name, "listed"):
            yield from islice(wandb.Api().artifacts("model", name), MOST_VERSIONS)
