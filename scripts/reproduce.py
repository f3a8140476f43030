"""Answers what scripts/reproduce.sh asks about runs and sweeps: `best`, `version`, `backbones`, `sweep`, `table`."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from files.headlines import HEADLINES, MIOU, PRIORITY_DICE
from files.markdown import MISSING, markdown_table

METRIC = PRIORITY_DICE.key  # on val, by which the best is chosen
SCORES = [(split, score) for score in (MIOU, PRIORITY_DICE) for split in ("val", "test")]
COLUMNS = ("training", *(f"{split} {score.label}" for split, score in SCORES), "ms a frame", "minutes")
FIGURES = (*((split, score.key) for split, score in SCORES), ("val", "model/latency_ms"))


def best(folder: Path) -> Path:
    """The run under a folder of trainings with the highest val score.

    Raises:
        ValueError: no training under the folder is complete.
    """
    scores = {run: json.loads((run / "metrics.json").read_text())[METRIC] for run in _runs(folder)}
    scores = {run: score for run, score in scores.items() if score is not None}
    if not scores:
        raise ValueError(f"{folder}: no complete training with a {METRIC} was found")
    return max(scores, key=lambda run: scores[run])


def version(run: Path) -> str:
    """entity/project/name:version of the model that a run logged.

    Raises:
        ValueError: the run has not logged a model.
    """
    import wandb

    found = wandb.Api().run(f"{os.environ['WANDB_PROJECT']}/{run.name}")
    models = [item for item in found.logged_artifacts() if item.type == "model"]
    if not models:
        raise ValueError(f"{run}: the run has not logged a model")
    return f"{models[-1].entity}/{models[-1].project}/{models[-1].name.split(':')[0]}:{models[-1].version}"


def backbones(sweep: str) -> list[str]:
    """The backbones of the sweep's finished runs, the best first.

    Raises:
        ValueError: no run has finished with a score.
    """
    from artifacts.sweep import read_sweep

    found = list(dict.fromkeys(str(run.settings["backbone"]) for run in read_sweep(sweep).ranked()))
    if not found:
        raise ValueError(f"{sweep}: no run of the sweep has ended with a score")
    return found


def pinned(sweep: dict[str, Any], changes: Iterable[str]) -> dict[str, Any]:
    """A sweep with other values: KEY=VALUE fixes a parameter, KEY=[A,B] gives it choices, run_cap=N bounds the runs."""
    parameters = dict(sweep["parameters"])
    for change in changes:
        key, _, text = change.partition("=")
        value = yaml.safe_load(text)
        if key == "run_cap":
            sweep = {**sweep, key: value}
        else:
            parameters[key] = {"values": value} if isinstance(value, list) else {"value": value}
    return {**sweep, "parameters": parameters}


def table(out: Path) -> str:
    """The results as a Markdown table, then the sweep, the answer of the promotion, and the total time."""
    rows = []
    for run in [*_runs(out / "baselines"), *_runs(out / "finals")]:
        metrics = {"val": run / "metrics.json", "test": run / "test" / "metrics.json"}
        figures = {split: json.loads(path.read_text()) for split, path in metrics.items()}
        name = f"{run.parent.parent.name[:-1]}, {_described(run)}"
        cells = [_shown(figures[split].get(key), key) for split, key in FIGURES]
        rows.append([name, *cells, _shown(figures["val"].get("train/minutes"), "minutes")])
    steps = {path.name: dict(line.split("=", 1) for line in path.read_text().splitlines()) for path in _markers(out)}
    seconds = sum(int(step["seconds"]) for step in steps.values())
    promotion, first = steps["promotion"], steps["first_production"]
    decided = [(promotion["model"], promotion["promoted"]), (first["model"], first["promoted"])]
    told = [f"{model} was {'' if promoted == 'yes' else 'not '}promoted to production" for model, promoted in decided]
    ending = f"Sweep {steps['sweep']['id']}; {told[0]}; before it, {told[1]}; {seconds / 60:.0f} minutes in all."
    return f"{markdown_table(COLUMNS, rows)}\n\n{ending}\n"


def _runs(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/*/model.safetensors"))


def _markers(out: Path) -> list[Path]:
    return sorted(path for path in (out / "steps").iterdir() if not path.suffix)


def _described(run: Path) -> str:
    config = yaml.safe_load((run / "config.yaml").read_text())
    return f"{config['backbone']}, {config['fit']}{', crp' if config['crp'] else ''}"


def _shown(value: float | None, key: str) -> str:
    if value is None or math.isnan(value):
        return MISSING
    return f"{value:.3f}" if key in HEADLINES else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def main() -> int:
    """Run one command. An error of the user is one line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["best", "version", "backbones", "sweep", "table"])
    parser.add_argument("words", nargs="+")
    options = parser.parse_args()
    first = options.words[0]
    try:
        match options.command:
            case "best":
                print(best(Path(first)))
            case "version":
                print(version(Path(first)))
            case "backbones":
                print(",".join(backbones(first)))
            case "sweep":
                changed = pinned(yaml.safe_load(Path(first).read_text()), options.words[2:])
                Path(options.words[1]).write_text(yaml.safe_dump(changed, sort_keys=False))
            case "table":
                text = table(Path(first))
                (Path(first) / "results.md").write_text(text)
                print(text)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
