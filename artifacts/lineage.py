"""The lineage of a model: its data version, run, sweep and code version, and the later decisions about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import wandb

from artifacts.download import collection, is_reference, version_name
from artifacts.errors import naming
from artifacts.history import JOB_TYPE
from artifacts.model import TRAIN
from eval.noninferiority import OPEN
from files.headlines import MIOU, PRIORITY_DICE

SHOWN = (MIOU.key, PRIORITY_DICE.key)


@dataclass(frozen=True)
class Node:
    """One item of the lineage: its kind, its name, lines about it, and its page."""

    kind: str
    name: str
    lines: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True)
class Lineage:
    """A model, what it was made from, and the decisions about it, oldest first.

    `sources` are data versions, sweep and code; `run` is None if the run was deleted.
    """

    model: Node
    run: Node | None
    sources: tuple[Node, ...]
    decisions: tuple[Node, ...]


def lineage(model: wandb.Artifact) -> Lineage:
    """Follow a model artifact back, through the public API.

    Raises:
        ArtifactError: the server does not answer.
    """
    with naming(model.name, "traced"):
        run = model.logged_by()
        found = _datasets(run) if run else []
        sources = [*map(_data, found), *_noted(model, found)]
        if run:
            sources += [*_sweeps(run), _code(run)]
        return Lineage(_model(model), _run(run) if run else None, tuple(sources), tuple(_decisions(model)))


def data_of(model: wandb.Artifact) -> wandb.Artifact | None:
    """The dataset artifact with exactly the content that a model was trained on, if the server has it."""
    digest = (model.metadata.get("data_version") or {}).get("digest")
    with naming(model.name, "traced"):
        run = model.logged_by()
        found = _datasets(run) if run else []
    return next((data for data in found if data.metadata.get("digest") == digest and not is_reference(data)), None)


def lineage_text(found: Lineage) -> str:
    """A tree for a terminal: the model, below it its run, and below that the run's data, sweep and code."""
    lines = _described(found.model, "")
    if found.run:
        lines += _described(found.run, "  ")
    for source in found.sources:
        lines += _described(source, "    ")
    for decision in found.decisions:
        lines += _described(decision, "  ")
    return "\n".join(lines)


def _described(node: Node, indent: str) -> list[str]:
    first = f"{indent}{node.kind:<{10 - len(indent)}} {node.name}"
    return [first, *(f"{indent}{'':<{10 - len(indent)}} {line}" for line in node.lines)]


def _datasets(run: Any) -> list[wandb.Artifact]:
    """The datasets that the run used; an offline run that was synced has logged them."""
    found = {item.id: item for items in (run.used_artifacts(), run.logged_artifacts()) for item in items}
    return [item for item in found.values() if item.type == "dataset"]


def _noted(model: wandb.Artifact, found: list[wandb.Artifact]) -> Iterator[Node]:
    """The data that only the model's metadata name: the server does not have them, or their run was deleted."""
    version = model.metadata.get("data_version") or {}
    digests = {data.metadata.get("digest") for data in found}
    for noted in (version, version.get("depth_data")):
        if noted is not None and noted.get("digest") not in digests and (noted or not found):
            name = ":".join(part for part in (noted.get("name"), noted.get("version")) if part)
            yield Node("data", name or "not on the server", (_digest(noted.get("digest")),))


def _model(model: wandb.Artifact) -> Node:
    metadata = model.metadata
    metrics = metadata.get("metrics") or {}
    scores = tuple(f"val {key} {metrics[key]:.3f}" for key in SHOWN if isinstance(metrics.get(key), float))
    network = " ".join(str(metadata[key]) for key in ("architecture", "backbone") if metadata.get(key))
    on = metadata.get("train_on", TRAIN)
    trained = "" if on == TRAIN else f"trained on {on}"
    lines = (", ".join(model.aliases), network, trained, *scores, _minute(model.created_at))
    return Node("model", version_name(model), tuple(line for line in lines if line), model.url)


def _run(run: Any) -> Node:
    lines = (f"{run.entity}/{run.project}/{run.id}", f"{run.state}, {_minute(run.created_at)}")
    return Node("run", run.name or run.id, lines, run.url)


def _minute(moment: str) -> str:
    """2026-11-22T21:03:04Z as 2026-11-22 21:03."""
    return moment[:16].replace("T", " ")


def _data(data: wandb.Artifact) -> Node:
    maker = data.logged_by()
    splits = data.metadata.get("splits") or {}
    counts = ", ".join(f"{splits[split]} {split}" for split in ("train", "val", "test") if split in splits)
    kind = "a reference, without frames" if is_reference(data) else ""
    lines = (_digest(data.metadata.get("digest")), counts, kind, f"logged by {maker.name or maker.id}" if maker else "")
    return Node("data", version_name(data), tuple(line for line in lines if line), data.url)


def _digest(digest: str | None) -> str:
    return f"content {digest[:12]}" if digest else "no digest"


def _sweeps(run: Any) -> Iterator[Node]:
    """The sweep whose agent made the run, and the one whose best settings it took."""
    if run.sweep:
        yield _sweep(run.sweep, "the run is one of this sweep")
    chosen = run.config.get("from_sweep")
    if chosen:
        try:
            sweep = wandb.Api().sweep(chosen)  # type: ignore[no-untyped-call]
        except wandb.errors.CommError as error:
            if not isinstance(error.exc, ValueError):  # with one the client says that there is no such sweep
                raise
            yield Node("sweep", chosen, ("the run took its best settings", "the sweep is not on the server"))
        else:
            yield _sweep(sweep, "the run took its best settings")


def _sweep(sweep: Any, relation: str) -> Node:
    metric = sweep.config.get("metric") or {}
    goal = f"{metric.get('goal', 'minimize')}s {metric['name']}" if metric.get("name") else "no metric"
    lines = (relation, f"{sweep.config.get('method')}, {goal}", f"{len(sweep.runs)} runs")
    return Node("sweep", sweep.config.get("name") or sweep.id, lines, sweep.url)


def _code(run: Any) -> Node:
    code = run.config.get("code") or {}
    commit = code.get("commit") or run.commit
    state = {None: "", True: "with uncommitted changes", False: "as committed"}[code.get("dirty")]
    lines = (code.get("program") or "", state)
    return Node("code", commit[:12] if commit else "unknown commit", tuple(line for line in lines if line))


def _decisions(model: wandb.Artifact) -> Iterator[Node]:
    """The promotions and rollbacks of the model, oldest first, without those in which it was only compared with."""
    name, version = collection(model), model.version
    users = sorted((run for run in model.used_by() if run.job_type == JOB_TYPE), key=lambda run: run.created_at)
    for run in users:
        config, summary = run.config, run.summary_metrics
        left = config.get("action") == "rollback" and config.get("before") == version
        if config.get("model") != name or not (left or config.get("candidate") == version):
            continue
        promoted = summary.get("promoted")  # written last
        refused = OPEN if summary.get("answer") == OPEN else "refused"
        verdict = "not finished" if promoted is None else "accepted" if promoted else refused
        what = f"{config['action']} {'from' if left else 'to'} {config['alias']}"
        told = (f"forced, {verdict}" if summary.get("forced") else verdict, str(summary.get("why") or ""))
        lines = (*told, f"by {summary.get('by')}", _minute(run.created_at))
        yield Node("decision", what, tuple(line for line in lines if line), run.url)
