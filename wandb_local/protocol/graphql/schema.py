"""All kinds and roots in one table, and the handler of ``POST /graphql``."""

from collections.abc import Mapping
from typing import Any

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.limits import BUDGET, QUERY_SECONDS
from wandb_local.protocol.graphql.artifact_mutations import ARTIFACT_MUTATIONS
from wandb_local.protocol.graphql.artifacts import (
    ARTIFACT,
    ARTIFACT_ALIAS,
    ARTIFACT_FILE,
    ARTIFACT_QUERIES,
    MEMBERSHIP,
    RUN_ARTIFACTS,
)
from wandb_local.protocol.graphql.collections import ARTIFACT_TYPE, COLLECTION, PROJECT_ARTIFACTS
from wandb_local.protocol.graphql.executor import Kinds, execute
from wandb_local.protocol.graphql.organizations import ENTITY, PROJECT_MUTATIONS, REGISTRY
from wandb_local.protocol.graphql.public import PROJECT, QUERY
from wandb_local.protocol.graphql.refused import PROJECT_WITHOUT, REFUSED
from wandb_local.protocol.graphql.run_mutations import RUN_MUTATIONS
from wandb_local.protocol.graphql.runs import RUN, RUN_FILE
from wandb_local.protocol.graphql.sweeps import AGENT, PROJECT_SWEEPS, SWEEP, SWEEP_MUTATIONS

KINDS: Kinds = {
    "Query": {**QUERY, **ARTIFACT_QUERIES},
    "Mutation": {**RUN_MUTATIONS, **PROJECT_MUTATIONS, **REFUSED, **ARTIFACT_MUTATIONS, **SWEEP_MUTATIONS},
    "Project": {**PROJECT, **PROJECT_WITHOUT, **REGISTRY, **PROJECT_ARTIFACTS, **PROJECT_SWEEPS},
    "Entity": ENTITY,
    "Run": {**RUN, **RUN_ARTIFACTS},
    "RunFile": RUN_FILE,
    "Sweep": SWEEP,
    "Agent": AGENT,
    "Artifact": ARTIFACT,
    "ArtifactAlias": ARTIFACT_ALIAS,
    "ArtifactCollectionMembership": MEMBERSHIP,
    "ArtifactPortfolio": COLLECTION,
    "ArtifactSequence": COLLECTION,
    "ArtifactType": ARTIFACT_TYPE,
    "File": ARTIFACT_FILE,
}


def answer(context: Context, body: Any) -> str:
    """Answer one GraphQL request: the JSON of the response.

    Raises:
        ClientError: not a GraphQL request, or what a resolver raised.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("query"), str):
        raise ClientError("give a JSON object with a query")
    variables = body.get("variables") or {}
    if not isinstance(variables, Mapping):
        raise ClientError("variables: give a JSON object")
    with BUDGET.limited(QUERY_SECONDS):
        data = execute(context, KINDS, body["query"], variables, body.get("operationName"))
    return jsons.dumps({"data": data}, default=_refuse)


def _refuse(value: Any) -> Any:
    raise ClientError(f"GraphQL: a {getattr(value, 'kind', 'value')} needs a selection of its fields")
