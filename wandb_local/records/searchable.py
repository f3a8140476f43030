"""The fields that filters and orders of the public API may use, for each table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SILENT_AFTER = 300.0  # seconds without a heartbeat; the client sends one every 30
SILENT = {"running": "crashed", "preempting": "preempted"}  # what a run is when it has not been heard of for so long
_STATE = "CASE runs.state " + " ".join(
    f"WHEN '{told}' THEN coalesce(runs.ended_state, '{silent}')" for told, silent in SILENT.items()
)


@dataclass(frozen=True)
class Searchable:
    """What filters and orders may name in one table: fields (name to SQL), JSON documents, lists (tables
    with a column ``value``); which SQL has a value in each record."""

    fields: Mapping[str, str]
    times: frozenset[str] = frozenset()
    documents: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    present: frozenset[str] = frozenset()


RUNS = Searchable(
    fields={
        "name": "runs.name",
        "displayName": "runs.display_name",
        "display_name": "runs.display_name",
        "description": "runs.description",
        "notes": "runs.notes",
        "group": "runs.group_name",
        "jobType": "runs.job_type",
        "job_type": "runs.job_type",
        "host": "runs.host",
        "commit": "runs.commit_hash",
        "state": f"(CASE WHEN runs.heartbeat_at < clock() - {SILENT_AFTER}"
        f" THEN {_STATE} ELSE runs.state END ELSE runs.state END)",
        "sweep": "(SELECT name FROM sweeps WHERE sweeps.id = runs.sweep_id)",
        "username": "'local'",
        "user.username": "'local'",
        "historyLineCount": "runs.history_lines",
        "duration": "(runs.heartbeat_at - runs.created_at)",
        "created_at": "runs.created_at",
        "createdAt": "runs.created_at",
        "updated_at": "runs.updated_at",
        "updatedAt": "runs.updated_at",
        "heartbeat_at": "runs.heartbeat_at",
        "heartbeatAt": "runs.heartbeat_at",
    },
    times=frozenset({"runs.created_at", "runs.updated_at", "runs.heartbeat_at"}),
    documents={"config": "runs.config", "summary_metrics": "runs.summary", "summary": "runs.summary"},
    lists=dict.fromkeys(("tags", "tag"), "json_each(runs.tags)"),
    present=frozenset({"runs.name", "runs.created_at", "runs.updated_at", "runs.heartbeat_at", "runs.history_lines"}),
)
SWEEPS = Searchable(
    fields={
        "name": "sweeps.name",
        "displayName": "sweeps.display_name",
        "display_name": "sweeps.display_name",
        "description": "sweeps.description",
        "state": "sweeps.state",
        "createdAt": "sweeps.created_at",
        "created_at": "sweeps.created_at",
        "updatedAt": "sweeps.updated_at",
        "updated_at": "sweeps.updated_at",
    },
    times=frozenset({"sweeps.created_at", "sweeps.updated_at"}),
)
ARTIFACTS = Searchable(
    fields={
        "name": "artifacts.digest",
        "digest": "artifacts.digest",
        "state": "artifacts.state",
        "description": "artifacts.description",
        "versionIndex": "memberships.version",
        "version_index": "memberships.version",
        "version": "('v' || memberships.version)",
        "size": "artifacts.size",
        "id": "artifacts.id",
        "artifact_id": "artifacts.id",
        "artifact_size": "artifacts.size",
        "artifact_created_at": "artifacts.created_at",
        "acm_created_at": "memberships.created_at",
        "linked_at": "memberships.created_at",
        "createdAt": "artifacts.created_at",
        "created_at": "artifacts.created_at",
        "updatedAt": "artifacts.updated_at",
        "updated_at": "artifacts.updated_at",
    },
    times=frozenset({"artifacts.created_at", "artifacts.updated_at", "memberships.created_at"}),
    documents=dict.fromkeys(("metadata", "artifact_metadata"), "artifacts.metadata"),
    lists={
        **dict.fromkeys(("tags", "tag"), "(SELECT name AS value FROM artifact_tags WHERE artifact_id = artifacts.id)"),
        **dict.fromkeys(
            ("aliases", "alias"), "(SELECT alias AS value FROM aliases WHERE membership_id = memberships.id)"
        ),
    },
)
COLLECTIONS = Searchable(
    fields={
        "id": "collections.id",
        "artifact_collection_id": "collections.id",
        "name": "collections.name",
        "description": "collections.description",
        "createdAt": "collections.created_at",
        "created_at": "collections.created_at",
        "updatedAt": "collections.updated_at",
        "updated_at": "collections.updated_at",
    },
    times=frozenset({"collections.created_at", "collections.updated_at"}),
    lists=dict.fromkeys(
        ("tags", "tag"), "(SELECT name AS value FROM collection_tags WHERE collection_id = collections.id)"
    ),
)
PROJECTS = Searchable(
    fields={
        "id": "projects.id",
        "project_id": "projects.id",
        "name": "projects.name",
        "description": "projects.description",
        "created_at": "projects.created_at",
        "updated_at": "projects.created_at",
    },
    times=frozenset({"projects.created_at"}),
)
