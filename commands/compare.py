"""``python -m eval compare``: several models measured alike, as a table and a plot."""

from __future__ import annotations

import argparse
import math
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tqdm import tqdm

from commands.export import metadata_of, prediction_size
from commands.opening import DRAWN, division, file_figures, open_data, open_model, sizing, taxonomy_of
from commands.truth import samples_of, trained_on
from eval.export.formats import FORMATS, write_onnx
from eval.export.read import load_exported
from eval.latency import measure_latency
from eval.ranking import DEPTH_SCORES, SCORES, Ranked, Target, csv_text, field_of, markdown, ranking, records
from eval.writers.ranking_plot import ranking_figure
from files.interrupts import unwinding
from files.whole import replacing, write_whole

if TYPE_CHECKING:
    from camvid.layouts import RoadDataset
    from models.saved import SavedModel

SECONDS = 3.0  # bound of one timing
PRESETS = (".yaml", ".yml")


def compare(options: argparse.Namespace) -> None:
    """Measure the models, write comparison.md, comparison.csv and comparison.png, print the table.

    Raises:
        ValueError: a model cannot be opened or is named twice, or the scores are over different classes.
    """
    opened = [_open(name, options) for name in options.models]
    _check(opened)
    bar = tqdm(opened, "measuring", unit="model", file=sys.stderr, disable=None)
    found = ranking([_measure(saved, copy, name) for saved, copy, name in bar])
    target = Target(options.embedded_mb, options.embedded_ms)
    table = markdown(found, target, f"{_processor()}, {torch.get_num_threads()} threads")
    write_whole(options.out / "comparison.md", table)
    write_whole(options.out / "comparison.csv", csv_text(found, target))
    scored = [model for model in found if not math.isnan(model.miou)]
    picture = options.out / "comparison.png" if scored else None
    if picture:
        with replacing(picture) as temporary:
            ranking_figure(scored, target).savefig(temporary)
    print(table)
    print(f"written to {options.out}")
    if options.wandb:
        _log(options, records(found, target), picture)


Opened = tuple["SavedModel", argparse.Namespace, str]  # the model, the options settled for it, its name in the table


def _open(name: str, options: argparse.Namespace) -> Opened:
    from configs.load import find_preset

    copy = argparse.Namespace(**{**vars(options), "model": name})
    if (preset := find_preset(name)).suffix in PRESETS:
        return _untrained(preset, copy), copy, preset.stem
    saved = open_model(copy)
    shown = f"{saved.folder.parent.name}/{saved.folder.name}" if file_figures(saved) else saved.folder.name
    return saved, copy, shown if trained_on(saved.config) == "train" else f"{shown} ({trained_on(saved.config)})"


def _untrained(path: Path, options: argparse.Namespace) -> SavedModel:
    """The model that a preset would train, without scores: for its size and speed."""
    from camvid.layouts import AUTO, find_taxonomy
    from camvid.taxonomy import DEFAULT
    from commands.device import resolve_device, resolve_precision
    from commands.tasks import NETWORK
    from configs import TrainConfig
    from configs.load import read_yaml
    from models import SavedModel, build_model

    config = TrainConfig.from_dict(read_yaml(path), str(path))
    options.device = resolve_device(options.device)
    options.precision = resolve_precision(options.precision or config.precision, options.device)
    classes = DEFAULT if config.taxonomy == AUTO and not options.data else config.taxonomy
    taxonomy = find_taxonomy(options.data or "", classes)
    network = config.pick(*NETWORK) | {"weights": "none"}
    model = build_model(num_classes=taxonomy.num_classes, auxiliary=False, **network).eval()
    return SavedModel(model.to(options.device), config.to_dict(), taxonomy.to_dict(), {}, {}, path)


def _check(opened: list[Opened]) -> None:
    names = [name for _, _, name in opened]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]}: the model is named twice; name each model once")
    classes = {name: taxonomy_of(saved) for saved, _, name in opened if saved.metrics}
    if len({taxonomy.names for taxonomy in classes.values()}) > 1:
        told = ", ".join(f"{name} {taxonomy.name}" for name, taxonomy in classes.items())
        raise ValueError(
            f"scores over different classes cannot be in one table ({told}); compare these models separately"
        )
    splits = {name: _division(saved.config) for saved, _, name in opened if saved.metrics}
    if len(set(splits.values())) > 1:
        told = ", ".join(f"{name} {split}" for name, split in splits.items())
        raise ValueError(
            f"models with different splits were evaluated on different frames ({told}); compare them separately"
        )


def _division(config: dict[str, Any]) -> str:
    """How a model's data was divided into splits, in words."""
    found = division(config)
    return f"{found['split']} of seed {found['seed']}" if found["split"] in DRAWN else str(found["split"])


def _measure(saved: SavedModel, options: argparse.Namespace, name: str) -> Ranked:
    dataset = open_data(options, saved, options.split) if options.data else None
    scores, source = _scores(saved, options, dataset)
    size = prediction_size(options, saved, dataset)
    speed = measure_latency(saved.model, size, device=options.device, precision=options.precision, seconds=SECONDS)
    figures = speed | file_figures(saved)
    runtime = saved.folder.suffix == FORMATS["onnx"].suffix
    weights = saved.folder / "model.safetensors"
    return Ranked(
        name=name,
        network=_network(saved.config),
        size=f"{size[0]}x{size[1]}",
        scores=source,
        **scores,
        parameters=int(figures["model/parameters"]),
        mb=weights.stat().st_size / 1e6 if weights.is_file() else float(figures["model/mb"]),
        pytorch_ms=math.nan if runtime else float(speed["model/latency_ms"]),
        onnx_ms=float(speed["model/latency_ms"]) if runtime else _onnx_ms(saved, options, size),
        precision="" if runtime else options.precision,
        tasks=_tasks(saved.config),
    )


def _network(config: dict[str, Any]) -> str:
    architecture, backbone = (str(config.get(key, "")) for key in ("architecture", "backbone"))
    name = architecture if architecture == "plain_unet" else f"{architecture} {backbone}".strip()  # it has its own
    return name + (f" ({', '.join(tasks)})" if (tasks := _tasks(config)) else "")


def _tasks(config: dict[str, Any]) -> tuple[str, ...]:
    return tuple(config.get("tasks", ())) if config.get("architecture") == "hydra" else ()


def _scores(
    saved: SavedModel, options: argparse.Namespace, dataset: RoadDataset | None
) -> tuple[dict[str, float], str]:
    """The scores of the table by their fields, NaN if undefined, and where they come from: the data, or as saved."""
    judged = saved.metrics and trained_on(saved.config) == "train"
    metrics, source = saved.metrics, "val, as saved" if judged else ""
    if saved.metrics and dataset:
        metrics, source = _evaluated(saved, options, dataset), options.split
    return {field_of(score): float(metrics.get(score.key, math.nan)) for score in (*SCORES, *DEPTH_SCORES)}, source


def _evaluated(saved: SavedModel, options: argparse.Namespace, dataset: RoadDataset) -> dict[str, float]:
    from eval.evaluate import evaluate

    return evaluate(
        saved.model,
        samples_of(dataset, options.split, saved.config),
        size_for=sizing(options, saved),
        device=options.device,
        precision=options.precision,
        **taxonomy_of(saved).scoring,
    ).metrics


def _onnx_ms(saved: SavedModel, options: argparse.Namespace, size: tuple[int, int]) -> float:
    """Milliseconds per image with ONNX Runtime; NaN for an exported file, and with --no-onnx."""
    if options.no_onnx or file_figures(saved):
        return math.nan
    with unwinding(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(saved.model.cpu(), path, metadata_of(saved))
        return float(measure_latency(load_exported(path).model, size, seconds=SECONDS)["model/latency_ms"])


def _processor() -> str:
    """The processor's name, as the system reports it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _log(options: argparse.Namespace, rows: list[dict[str, object]], picture: Path | None) -> None:
    from artifacts.media import log_ranking
    from artifacts.run import start_run, sync_hint, tracked

    config = {"models": options.models, "data": str(options.data or ""), "split": options.split}
    with tracked(start_run(config, project="camvid", folder=options.out, job_type="compare")) as run:
        log_ranking(run, rows, picture)
        print(sync_hint(run))
