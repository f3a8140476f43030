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

from files.headlines import HEADLINES, choose
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
COLUMNS = {
    "model": "name",
    "network": "network",
    "size": "size",
    "scores on": "scores",
    **{score.label: score.key for score in SCORES},
    "parameters": "parameters",
    "MB": "mb",
    "ms PyTorch": "pytorch_ms",
    "ms ONNX Runtime": "onnx_ms",
    "embedded": "embedded",
}
TEXTS = 4  # the first columns, of words


def ranking(models: Iterable[Ranked]) -> list[Ranked]:
    """Best mIoU first; models without scores come last, smaller files first."""
    return sorted(models, key=lambda model: (-_or(model.miou, -1), model.mb, model.name))


def records(models: Sequence[Ranked], target: Target) -> list[dict[str, object]]:
    """A dict of plain values for each model in the order given; undefined numbers are None."""
    rows = []
    for model in models:
        values = {field.name: getattr(model, field.name) for field in fields(model)}
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
    rows = ([_cell(row, key) for key in COLUMNS.values()] for row in records(models, target))
    table = markdown_table(COLUMNS, rows, texts=TEXTS)
    kinds = " and ".join(dict.fromkeys(model.precision for model in models if model.precision)) or "fp32"
    note = (
        f"{machine}; one image, warm median; PyTorch in {kinds}. "
        f"Embedded: at most {target.mb:g} MB, and {target.ms:g} ms with the faster of the two runtimes."
    )
    return f"{table}\n\n{note}\n"


def _cell(row: Mapping[str, object], key: str) -> str:
    value = row[key]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "parameters":
        return f"{float(str(value)) / 1e6:.2f} M"
    if isinstance(value, float):
        return f"{value:.3f}" if key in HEADLINES else f"{value:.1f}"
    return MISSING if value in (None, "") else str(value)


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value
