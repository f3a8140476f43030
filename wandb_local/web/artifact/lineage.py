"""The lineage of a version: its ancestors and descendants, runs and versions, as a graph."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wandb_local.context import Context
from wandb_local.records.artifacts.lists import place_of
from wandb_local.records.artifacts.uses import run_ids, version_ids
from wandb_local.records.projects import place_of_run
from wandb_local.store.database import Row
from wandb_local.web.artifact.read import artifact_address
from wandb_local.web.documents import title_of
from wandb_local.web.urls import address

MOST_NODES = 150
DRAWN = 12  # steps on each side that the picture shows: a browser draws no picture that is much wider
MOST_SIBLINGS = 8  # of the runs that used one version, say; the rest becomes one node
_LINE = 25  # letters in a line of a node


@dataclass
class Lineage:
    """Nodes by id (``a12`` a version, ``r5`` a run, ``more …`` what was left out) and edges from cause to effect.

    A node has a ``title``, a ``type``, a ``kind`` (``here``, ``artifact``, ``run``, ``more``) and an address, ``href``.
    ``ranks`` are the steps from the version in the middle, by the longest way: negative for what it comes from, so that
    a cause stands before all that follows from it. ``cut`` says that the graph goes on where it ends here.
    """

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)
    ranks: dict[str, int] = field(default_factory=dict)
    cut: bool = False


def lineage(context: Context, artifact_id: int) -> Lineage:
    """The ancestors and descendants of a version, nearest first, up to ``MOST_NODES``."""
    found = Lineage()
    start = f"a{artifact_id}"
    found.nodes[start], found.ranks[start] = {**_describe(context, start), "kind": "here"}, 0
    for forward in (False, True):
        _walk(context, start, forward, found)
        _rank(found, forward)
    return found


def _rank(found: Lineage, forward: bool) -> None:
    """Moves the nodes on one side of the version away from it until every edge leads forward; a cycle ends this."""
    side = 1 if forward else -1
    edges = [edge if forward else edge[::-1] for edge in sorted(found.edges)]
    edges = [(near, far) for near, far in edges if found.ranks[near] * side >= 0 and found.ranks[far] * side > 0]
    for _ in range(len(found.nodes)):
        late = [(near, far) for near, far in edges if abs(found.ranks[far]) <= abs(found.ranks[near])]
        if not late:
            break
        for near, far in late:
            found.ranks[far] = found.ranks[near] + side


def _walk(context: Context, start: str, forward: bool, found: Lineage) -> None:
    queue, seen = deque([start]), {start}
    while queue:
        node = queue.popleft()
        neighbours = _neighbours(context, node, forward)
        for neighbour in neighbours[:MOST_SIBLINGS]:
            if neighbour not in found.nodes and len(found.nodes) >= MOST_NODES:
                found.cut = True
                continue
            if neighbour not in found.nodes:
                _add(found, neighbour, _describe(context, neighbour), node, forward)
            found.edges.add((node, neighbour) if forward else (neighbour, node))
            if neighbour not in seen:
                seen.add(neighbour)
                queue.append(neighbour)
        left = len(neighbours) - MOST_SIBLINGS
        if left > 0:
            more = f"more {node} {forward}"
            title = f"{left} more {'version' if node.startswith('r') else 'run'}{'s' if left > 1 else ''}"
            about = {"title": title, "type": "", "kind": "more", "href": found.nodes[node]["href"]}
            _add(found, more, about, node, forward)
            found.edges.add((node, more) if forward else (more, node))


def _add(found: Lineage, name: str, node: dict[str, Any], beside: str, forward: bool) -> None:
    found.nodes[name] = node
    found.ranks[name] = found.ranks[beside] + (1 if forward else -1)


def _neighbours(context: Context, node: str, forward: bool) -> list[str]:
    """A version was made by runs and is used by others; a run has used versions and makes others. Newest first."""
    number = int(node[1:])
    if node.startswith("a"):
        return [f"r{run}" for run in run_ids(context.db, number, "input" if forward else "output")]
    return [f"a{version}" for version in version_ids(context.db, number, "output" if forward else "input")]


def _describe(context: Context, node: str) -> dict[str, Any]:
    row = (place_of if node.startswith("a") else place_of_run)(context.db, int(node[1:]))
    assert row is not None  # foreign keys
    return _version(row) if node.startswith("a") else _run(row)


def _version(row: Row) -> dict[str, Any]:
    version = f"v{row['version']}"
    href = artifact_address(row["entity"], row["project"], row["type"], row["name"], version, "lineage")
    return {"title": f"{row['name']}:{version}", "type": row["type"], "kind": "artifact", "href": href}


def _run(row: Row) -> dict[str, Any]:
    href = address(row["entity"], row["project"], "runs", row["name"], "artifacts")
    title = title_of(row)
    return {"title": title, "type": row["job_type"] or "run", "kind": "run", "href": href}


def steps(found: Lineage) -> list[tuple[int, list[str]]]:
    """The nodes of each rank, causes first, in the order of the picture from left to right and from top to bottom."""
    by_rank: dict[int, list[str]] = {}
    for name, rank in found.ranks.items():
        by_rank.setdefault(rank, []).append(name)
    return sorted(by_rank.items())


def causes(found: Lineage, name: str) -> list[str]:
    """The titles of the nodes from which edges lead to a node."""
    return sorted(found.nodes[cause]["title"] for cause, effect in found.edges if effect == name)


def elements(found: Lineage) -> list[Mapping[str, Any]]:
    """The graph within ``DRAWN`` steps of the version, as Cytoscape takes it."""
    drawn = {name: node for name, node in found.nodes.items() if abs(found.ranks[name]) <= DRAWN}
    nodes = [
        {"data": {"id": name, "label": _label(node), "href": node["href"]}, "classes": node["kind"]}
        for name, node in drawn.items()
    ]
    edges = sorted((source, target) for source, target in found.edges if source in drawn and target in drawn)
    return [*nodes, *({"data": {"source": source, "target": target}} for source, target in edges)]


def _label(node: Mapping[str, Any]) -> str:
    return "\n".join(_short(text) for text in (node["title"], node["type"]) if text)


def _short(text: str) -> str:
    """The text in at most two lines. Its middle is left out if it is too long, because names differ at their ends."""
    if len(text) > 2 * _LINE:
        text = f"{text[: _LINE - 1]}…{text[-_LINE:]}"
    return text if len(text) <= _LINE else f"{text[:_LINE]}\n{text[_LINE:]}"
