"""What `benchmarks.gpu` found, as gpu.json and gpu.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from files.jsons import plain
from files.markdown import markdown_table
from files.whole import write_whole

STEPS = ("environment", "rates", "loop", "training", "evaluation")
BARE = """A bare step is forward pass, loss, backward pass and optimiser on one batch that stays on the device. Eager:
Python starts each kernel. Captured: the kernels of a step were recorded as one CUDA graph, which starts as a whole."""
LOOP = "The loop also makes the batches: it reads frames, cuts crops and changes colours."
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of a step, or of a row of one.

    Attributes:
        step: environment, rates, loop, training or evaluation.
        what: what was measured, in words.
        says: the result in one line, for people; empty after an error.
        seconds: how long it took.
        figures: numbers and texts by name; scores lie in [0, 1].
        error: why there is no result, in one line; empty if there is one.
    """

    step: str
    what: str
    says: str = ""
    seconds: float = 0.0
    figures: Figures = field(default_factory=dict)
    error: str = ""


def write(out: Path, about: Figures, outcomes: Sequence[Outcome]) -> None:
    """Replace both files in the folder `out`; `about` says what was checked."""
    content = {**about, "steps": [asdict(outcome) for outcome in outcomes]}
    write_whole(out / "gpu.json", json.dumps(_strict(content), indent=1, allow_nan=False) + "\n")
    write_whole(out / "gpu.md", page(about, outcomes))


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, list | tuple) else plain(value)


def page(about: Figures, outcomes: Sequence[Outcome]) -> str:
    """The tables as Markdown, of what is known so far."""
    found = {step: [each for each in outcomes if each.step == step and not each.error] for step in STEPS}
    machine = {key: value for outcome in found["environment"] for key, value in outcome.figures.items()}
    parts = [
        f"# {about['title']}",
        markdown_table(["", ""], {**about["of"], **machine}.items()),
        _section("Steps", ["step", "of", "result", "seconds"], map(_line, outcomes)),
        _rates(found["rates"]),
        _loop(found["loop"]),
        _times([*found["training"], *found["evaluation"]]),
        _scores({"val": found["training"], "test": found["evaluation"]}),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _section(title: str, head: Sequence[str], rows: Iterable[Iterable[Any]], note: str = "") -> str:
    rows = list(rows)
    return "\n\n".join(filter(None, (f"## {title}", note, markdown_table(head, rows)))) if rows else ""


def _line(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.step, outcome.what, outcome.says or f"**{outcome.error}**", f"{outcome.seconds:.0f}"


def _rates(found: Sequence[Outcome]) -> str:
    head = ["one step, the batch stays on the device", "images/s", "ms a step", "GB reserved", "ours, eager / this"]
    keys = ("images_per_second", "milliseconds", "gigabytes", "ratio")
    rows = ([each.what, *map(each.figures.get, keys)] for each in found if each.figures)
    return _section("Bare steps", head, rows, BARE)


def _loop(found: Sequence[Outcome]) -> str:
    head = ["network", "images/s, median", "of the best bare step"]
    rows = ([each.what, each.figures["images_per_second"], each.figures["of_bare"]] for each in found)
    return _section("The loop of a training", head, rows, LOOP)


def _times(found: Sequence[Outcome]) -> str:
    rows = ((each.what, name, value) for each in found for name, value in each.figures["seconds"].items())
    return _section("Seconds of whole programs", ["program", "from … to", "seconds"], rows)


def _scores(found: Mapping[str, Sequence[Outcome]]) -> str:
    scores = {split: outcomes[-1].figures["scores"] for split, outcomes in found.items() if outcomes}
    names = dict.fromkeys(name for each in scores.values() for name in each)
    return _section("Scores", ["", *scores], ([name, *(each.get(name) for each in scores.values())] for name in names))
