"""Features of W&B's cloud that this server does not have: they are refused by name, or answered with an empty list."""

from typing import Any

from wandb_local.context import Context
from wandb_local.errors import UnsupportedError
from wandb_local.protocol.graphql.common import connection, constant
from wandb_local.protocol.graphql.executor import Arguments, Fields, Resolver

_OF_THE_CLOUD = {
    "teams, users, members and keys": (
        "createTeam",
        "createInvite",
        "deleteInvite",
        "createServiceAccount",
        "createUser",
        "generateApiKey",
        "deleteApiKey",
        "createProjectMembers",
        "deleteProjectMembers",
        "updateProjectMember",
        "updateProjectTeamMember",
    ),
    "custom charts": ("createCustomChart",),
    "launch, its jobs and queues": (
        "ackRunQueueItem",
        "createDefaultResourceConfig",
        "createLaunchAgent",
        "createRunQueue",
        "deleteFromRunQueue",
        "deleteRunQueues",
        "enqueueSweepRun",
        "failRunQueueItem",
        "popFromRunQueue",
        "pushToRunQueue",
        "pushToRunQueueByName",
        "updateLaunchAgent",
        "updateRunQueueItemWarning",
        "upsertRunQueue",
    ),
    "automations and integrations": (
        "createFilterTrigger",
        "createGenericWebhookIntegration",
        "deleteTrigger",
        "updateFilterTrigger",
    ),
}


def _refuse(subject: str) -> Resolver:
    def resolve(context: Context, _: Any, __: Arguments) -> None:
        raise UnsupportedError(f"{subject} are not supported by this server")

    return resolve


REFUSED: Fields = {name: _refuse(subject) for subject, names in _OF_THE_CLOUD.items() for name in names}
NONE: Resolver = constant(connection([], {}, 0))
PROJECT_WITHOUT: Fields = {
    "allViews": NONE,
    "runQueue": REFUSED["createRunQueue"],
    "runQueues": constant([]),
    "triggers": constant([]),
}
