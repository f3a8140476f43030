"""The values that settings take beyond plain types: their checks, and the errors about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from files.faults import CommonFault
from files.headlines import MONITORED


class ConfigError(ValueError):
    """A setting that cannot be used; the message names the key, the value and what is allowed."""


class CommonMistake(ConfigError, CommonFault):
    """A mistake that all trials of a sweep share: an unknown setting, or a preset that does not exist."""


Weight = Annotated[float, Field(gt=0)]
Loss = str | dict[str, Weight]
_BY_NAME = "a name or {name: weight above 0, …}"
MAPPINGS = {  # settings that take a name or weights by name, and what is expected
    "loss": _BY_NAME,
    "depth_loss": _BY_NAME,
    "task_weights": "learned or weights above 0 such as {segmentation: 1, depth: 0.5}",
}
MAX_OBJECT_AREA = 0.1  # few objects fill a tenth of a frame; with more, nothing would count
Fraction = Annotated[float, Field(ge=0, le=1)]
if TYPE_CHECKING:
    Monitor = str
    Task = str
else:
    Monitor = Literal[*MONITORED]
    Task = Literal["segmentation", "depth"]
Tag = Annotated[str, Field(min_length=1, max_length=64)]  # as W&B takes them


def listed(value: Any) -> Any:
    """A text such as a,b as a list of texts; a YAML list may hold numbers."""
    parts = value.split(",") if isinstance(value, str) else value
    parts = [] if parts is None else [parts] if isinstance(parts, int | float) else parts
    if not isinstance(parts, list | tuple):
        return parts
    texts = [str(part).strip() if isinstance(part, str | int | float) else part for part in parts]
    return [text for text in texts if text != ""] if isinstance(value, str) else texts


def some_tasks(tasks: tuple[str, ...]) -> tuple[str, ...]:
    """Checks that there is a task."""
    if not tasks:
        raise ConfigError("tasks='': name segmentation, depth or both")
    return tasks


def allowed_project(name: str) -> str:
    """Checks a project's name by W&B's rules."""
    if set(name) & set("/\\#?%:") or not name.isprintable() or not name.strip(". ") or len(name) > 128:
        raise ConfigError(
            f"project={name!r}: give 1 to 128 characters, none of them /\\#?%: (WANDB_ENTITY names the team)"
        )
    return name


def without_split(metric: Any) -> Any:
    """Removes the prefix val/, so that one line of a sweep can set both its metric and `monitor`."""
    return metric.removeprefix("val/") if isinstance(metric, str) else metric
