"""Collections and versions as the pages show them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.records.artifacts.collections import find_collection, find_membership
from wandb_local.records.artifacts.lists import tags_of, type_of, versions_of
from wandb_local.records.projects import need_project
from wandb_local.store.database import Row
from wandb_local.web.urls import address

WRAPPED: dict[str, Any] = {
    "wrapText": True,
    "autoHeight": True,
}  # of a column of names that may differ at their ends only


@dataclass(frozen=True)
class Collection:
    """A collection of versions and where it is."""

    entity: str
    project: str
    type: str
    row: Row

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.row["name"])

    def address(self, *more: str) -> str:
        """The address of the collection's page, or of a page below it."""
        return artifact_address(self.entity, self.project, self.type, self.name, *more)


@dataclass(frozen=True)
class Version:
    """A version as a member of a collection. ``number`` is its place there, ``row`` the record of the artifact."""

    collection: Collection
    number: int
    row: Row
    aliases: Sequence[str]

    @property
    def title(self) -> str:
        """``NAME:vN``."""
        return f"{self.collection.name}:v{self.number}"

    @property
    def metadata(self) -> dict[str, Any]:
        """Metadata with dotted names for what is nested."""
        given = jsons.loads(self.row["metadata"] or "{}")
        return jsons.flatten(given) if isinstance(given, dict) else {"": given}

    def address(self, *more: str) -> str:
        """The version's page, or one of its views."""
        return self.collection.address(f"v{self.number}", *more)


def artifact_address(entity: str, project: str, *more: str) -> str:
    """The page of a project's artifacts, of a type, a collection, a version: the addresses that the client prints."""
    return address(entity, project, "artifacts", *more)


def need_collection(context: Context, params: Mapping[str, str]) -> Collection:
    """The collection that ``entity``, ``project``, ``type`` and ``name`` mean.

    Raises:
        NotFoundError: it does not exist, or has another type.
    """
    project = need_project(context, params["entity"], params["project"])
    row = find_collection(context, project["id"], params["name"])
    if row is None or type_of(context.db, row["id"])["name"] != params["type"]:
        raise NotFoundError(f"there is no artifact {params['name']!r} of type {params['type']!r}")
    return Collection(params["entity"], params["project"], params["type"], row)


def need_version(context: Context, params: Mapping[str, str]) -> Version:
    """The version that ``version`` (``v3`` or an alias) means in the collection of ``params``.

    Raises:
        NotFoundError: it does not exist.
    """
    collection = need_collection(context, params)
    place = find_membership(context, collection.row["id"], params["version"])
    if place is None:
        raise NotFoundError(f"artifact {collection.name!r} has no version {params['version']!r}")
    return next(version for version in versions(context, collection) if version.number == place["version"])


def versions(context: Context, collection: Collection) -> list[Version]:
    """The versions of a collection, newest first."""
    rows = versions_of(context.db, collection.row["id"])
    return [Version(collection, row["number"], row, sorted(json.loads(row["aliases"]))) for row in rows]


def tags(context: Context, what: str, record_id: int) -> list[str]:
    """The tags of an ``artifact`` or a ``collection``, sorted."""
    return sorted(row["name"] for row in tags_of(context.db, what, record_id))
