"""Several models in one table: quality, size and speed, best first, and whether they suit an embedded target.

A model suits an embedded target if its file has at most 25 MB, which fits into the flash of a small camera beside an
operating system, and one image takes at most 100 ms (10 images per second). The time is measured on this machine, with
the faster of PyTorch and ONNX Runtime. Both limits can be set, because the target has another processor.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from files.headlines import Headline, choose
from files.jsons import plain_values
from files.markdown import MISSING, markdown_table


@dataclass(frozen=True)
class Ranked:
    """One model; scores are in [0, 1], or NaN if it was not evaluated; times are NaN if they were not measured.

    Attributes:
        name: of its run, file or preset.
        network: architecture and backbone.
        size: height and width at which it predicts, such as 192x256.
        scores: where the scores come from, such as "test"; empty without scores.
        mean_acc: mean over the classes of the share of true pixels found.
        miou: mean IoU.
        priority_dice: mean Dice of the priority classes.
        parameters: number of them.
        mb: size of the file in 10⁶ bytes.
        pytorch_ms: milliseconds for one image with PyTorch.
        onnx_ms: the same with ONNX Runtime.
        precision: in which PyTorch computed; ONNX Runtime computes in fp32, or what the file holds.
        abs_rel: AbsRel of its depth; NaN without depth.
        delta1: share of the pixels whose depth is right within a factor of 1.25; NaN without depth.
        tasks: what it predicts; empty for segmentation alone by a network that cannot have other tasks.
    """

    name: str
    network: str
    size: str
    scores: str
    mean_acc: float
    miou: float
    priority_dice: float
    parameters: int
    mb: float
    pytorch_ms: float
    onnx_ms: float
    precision: str
    abs_rel: float = math.nan
    delta1: float = math.nan
    tasks: tuple[str, ...] = ()

    @property
    def fastest_ms(self) -> float:
        """The faster of the two times, NaN if neither was measured."""
        return min((ms for ms in (self.pytorch_ms, self.onnx_ms) if not math.isnan(ms)), default=math.nan)


@dataclass(frozen=True)
class Target:
    """An embedded target: the largest file in 10⁶ bytes, the longest time for one image in milliseconds."""

    mb: float = 25.0
    ms: float = 100.0

    def suits(self, model: Ranked) -> bool:
        """Whether a model keeps within both limits; one that was not timed does not."""
        return model.mb <= self.mb and model.fastest_ms <= self.ms


SCORES = choose("mean_acc", "miou", "priority_dice")
DEPTH_SCORES = choose("depth/abs_rel", "depth/delta1")
TEXTS = 4  # the first columns, of words
DEPTH = "depth"


def field_of(score: Headline) -> str:
    """The field of ``Ranked`` that holds a score."""
    return score.key.removeprefix("depth/")


FIELDS = {field_of(score) for score in (*SCORES, *DEPTH_SCORES)}


def columns(models: Iterable[Ranked]) -> dict[str, str]:
    """From a label to the key of a record; scores of depth are there if a model predicts it."""
    scores = (*SCORES, *(DEPTH_SCORES if _with_depth(models) else ()))
    return {
        "model": "name",
        "network": "network",
        "size": "size",
        "scores on": "scores",
        **{score.label: field_of(score) for score in scores},
        "parameters": "parameters",
        "MB": "mb",
        "ms PyTorch": "pytorch_ms",
        "ms ONNX Runtime": "onnx_ms",
        "embedded": "embedded",
    }


def _with_depth(models: Iterable[Ranked]) -> bool:
    return any(DEPTH in model.tasks for model in models)


def ranking(models: Iterable[Ranked]) -> list[Ranked]:
    """Best mIoU first, then by AbsRel; models without scores come last, smaller files first."""
    return sorted(models, key=lambda model: (-_or(model.miou, -1), _or(model.abs_rel, math.inf), model.mb, model.name))


def records(models: Sequence[Ranked], target: Target) -> list[dict[str, object]]:
    """A dict of plain values for each model in the order given; undefined numbers are None.

    What is of depth is there if a model predicts it.
    """
    rows = []
    left_out = () if _with_depth(models) else ("abs_rel", "delta1", "tasks")
    for model in models:
        values = {field.name: getattr(model, field.name) for field in fields(model) if field.name not in left_out}
        values |= {} if left_out else {"tasks": ", ".join(model.tasks)}
        rows.append(plain_values(values) | {"embedded": target.suits(model)})
    return rows


def csv_text(models: Sequence[Ranked], target: Target) -> str:
    """The records as CSV with a header; undefined numbers are empty."""
    rows = records(models, target)
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def markdown(models: Sequence[Ranked], target: Target, machine: str) -> str:
    """The table as Markdown, its columns aligned, with a line on how it was measured. ``machine``: on what."""
    keys = columns(models)
    rows = ([_cell(row, key) for key in keys.values()] for row in records(models, target))
    table = markdown_table(keys, rows, texts=TEXTS)
    kinds = " and ".join(dict.fromkeys(model.precision for model in models if model.precision)) or "fp32"
    note = (
        f"{machine}; one image, warm median; PyTorch in {kinds}. "
        f"Embedded: at most {target.mb:g} MB, and {target.ms:g} ms with the faster of the two runtimes."
    )
    return "\n\n".join([table, note, *about_joint(models)]) + "\n"


def about_joint(models: Sequence[Ranked]) -> list[str]:
    """For each model of two tasks, what it costs beside the models of one task each: a line, if both are in the table.

    They are compared by PyTorch's time, if they have the same network and size.
    """
    lines = []
    for joint in (model for model in models if len(model.tasks) > 1):
        kind = joint.network.partition(" (")[0], joint.size
        alone = {
            model.tasks[0]: model
            for model in models
            if len(model.tasks) == 1 and (model.network.partition(" (")[0], model.size) == kind
        }
        if set(alone) == set(joint.tasks):
            names = " and ".join(model.name for model in alone.values())
            ms, mb = (sum(getattr(model, key) for model in alone.values()) for key in ("pytorch_ms", "mb"))
            lines.append(
                f"{joint.name} takes {joint.pytorch_ms:.1f} ms, and {names} together {ms:.1f} ms: "
                f"{joint.pytorch_ms / ms:.2f} of the time, and {joint.mb / mb:.2f} of the size."
            )
    return lines


def _cell(row: Mapping[str, object], key: str) -> str:
    value = row[key]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "parameters":
        return f"{float(str(value)) / 1e6:.2f} M"
    if isinstance(value, float):
        return f"{value:.3f}" if key in FIELDS else f"{value:.1f}"
    return MISSING if value in (None, "") else str(value)


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value
