"""Taxonomies: lists of classes with colours, the label names that each class collects, and the priority classes.

The built-in ones, such as `camvid11` and `cityscapes19`, are YAML files of the same form as a user's own:

    name: mine
    classes:                                   # index order; void has no entry, it is 255 in every mask
      - {name: Road, color: [128, 64, 128], background: true, collects: [Road, LaneMkgsDriv]}
      - {name: Person, color: [64, 64, 0], priority: true, severity: 4, collects: [Pedestrian, Child]}

`collects` lists names from the labels: names of the layout, or of the data's `codes.txt` or `class_dict.csv`. Its
default is the class's own name. Names that no class collects become void. `camvid.words` knows what a name of one data
set is called in another. `severity` is the weight of the pixels of a priority class when frames are ordered by missed
area. Its default is 1.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from camvid import entries
from camvid.entries import mapping, text, unique
from files.texts import read_text
from files.yamls import load_yaml

Color = entries.Color
TaxonomyError = entries.TaxonomyError

IGNORE_INDEX = 255
OWN_FILE = "taxonomy.yaml"  # in the folder of a data set: its own taxonomy
DEFAULT = "camvid11"  # of the layouts of CamVid
VOID_NAME = "Void"
VOID_COLOR: Color = (0, 0, 0)
OPTIONAL = ("priority", "background", "severity", "collects")  # fields of an entry of `classes`
MAX_CLASSES = 250  # masks are uint8: 255 is void, and decoding needs a spare value

_FOLDER = Path(__file__).with_name("taxonomies")
TAXONOMIES = {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}


@dataclass(frozen=True)
class ClassSpec:
    """One class. `priority`: its errors matter for safety. `background`: scenery, which `foreground_acc` leaves out.

    `severity`: weight of a pixel of a missed object.
    """

    name: str
    color: Color
    priority: bool = False
    background: bool = False
    severity: float = 1.0


@dataclass(frozen=True)
class Taxonomy:
    """Classes in the order of their indices, without void, and the label names that each one collects."""

    name: str
    classes: tuple[ClassSpec, ...]
    groups: dict[str, tuple[str, ...]]

    @property
    def num_classes(self) -> int:
        """Number of classes; void is not counted."""
        return len(self.classes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Class names in index order."""
        return tuple(spec.name for spec in self.classes)

    @cached_property
    def colors(self) -> NDArray[np.uint8]:
        """RGB colours, (C, 3) uint8."""
        return np.array([spec.color for spec in self.classes], dtype=np.uint8)

    @cached_property
    def priority(self) -> tuple[int, ...]:
        """Indices of the priority classes."""
        return tuple(i for i, spec in enumerate(self.classes) if spec.priority)

    @cached_property
    def background(self) -> tuple[int, ...]:
        """Indices of the background classes."""
        return tuple(i for i, spec in enumerate(self.classes) if spec.background)

    @cached_property
    def severity(self) -> tuple[float, ...]:
        """For each class, the weight of a pixel of a missed object."""
        return tuple(spec.severity for spec in self.classes)

    @property
    def scoring(self) -> dict[str, Any]:
        """What scoring needs to know about the classes: keyword arguments of the functions in `eval`."""
        return {name: getattr(self, name) for name in ("num_classes", "priority", "background", "severity")} | {
            "class_names": self.names
        }

    @cached_property
    def sources(self) -> dict[str, int]:
        """Label name -> index of the class that collects it."""
        return {source: index for index, spec in enumerate(self.classes) for source in self.groups[spec.name]}

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dicts, strings and numbers, as `from_dict` and a YAML file take them."""
        return {"name": self.name, "classes": [self._entry(spec) for spec in self.classes]}

    def _entry(self, spec: ClassSpec) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": spec.name, "color": list(spec.color)}
        entry |= {flag: True for flag in ("priority", "background") if getattr(spec, flag)}
        if spec.severity != 1:
            entry["severity"] = spec.severity
        if self.groups[spec.name] != (spec.name,):
            entry["collects"] = list(self.groups[spec.name])
        return entry

    @classmethod
    def from_dict(cls, data: Any, origin: str = "taxonomy") -> Taxonomy:
        """Build and validate. `origin` (a file name) begins every message. Raises TaxonomyError."""
        fields = mapping(data, origin, required=("name", "classes"), optional=())
        name = text(fields["name"], f"{origin}: name")
        entries = fields["classes"]
        if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_CLASSES:
            raise TaxonomyError(f"{origin}: classes must be a list of 1 to {MAX_CLASSES} entries, got {entries!r:.80}")
        parsed = [_class(entry, f"{origin}: classes[{i}]") for i, entry in enumerate(entries)]
        specs = tuple(spec for spec, _ in parsed)
        unique((spec.name for spec in specs), f"{origin}: class name")
        unique((spec.color for spec in specs), f"{origin}: color")
        unique((source for _, sources in parsed for source in sources), f"{origin}: collected name")
        return cls(name, specs, {spec.name: sources for spec, sources in parsed})

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: equal digests, equal taxonomies."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()


def load_taxonomy(name_or_yaml_path: str | Path) -> Taxonomy:
    """Load a built-in taxonomy by name ("camvid11", "cityscapes19", …) or a user's YAML file by path.

    Raises TaxonomyError that names the file, the entry and what is allowed; FileNotFoundError for a missing file.
    """
    path = TAXONOMIES.get(str(name_or_yaml_path), Path(name_or_yaml_path))
    if not path.is_file():
        known = ", ".join(TAXONOMIES)
        raise FileNotFoundError(
            f"taxonomy {str(name_or_yaml_path)!r}: there is no such YAML file; built in are {known}"
        )
    try:
        data = load_yaml(read_text(path))
    except yaml.YAMLError as error:
        raise TaxonomyError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    except ValueError as error:  # no text
        raise TaxonomyError(str(error)) from error
    return Taxonomy.from_dict(data, str(path))


@lru_cache(maxsize=1)
def original_palette() -> dict[str, Color]:
    """The 32 names of the original labels, with Void, and their colours."""
    return {spec.name: spec.color for spec in load_taxonomy("camvid32").classes} | {VOID_NAME: VOID_COLOR}


def _class(entry: Any, where: str) -> tuple[ClassSpec, tuple[str, ...]]:
    """One entry of `classes` -> its spec, and the names that it collects."""
    fields = mapping(entry, where, required=("name", "color"), optional=OPTIONAL)
    name = text(fields["name"], f"{where}: name")
    if name.lower() == VOID_NAME.lower() or "/" in name:
        raise TaxonomyError(
            f"{where}: name {name!r}: Void needs no entry (it is {IGNORE_INDEX}), and a name must not hold '/'"
        )
    for flag in ("priority", "background"):
        if not isinstance(fields.get(flag, False), bool):
            raise TaxonomyError(f"{where} ({name}): {flag} must be true or false, got {fields[flag]!r}")
    collects = fields.get("collects", [name])
    if not isinstance(collects, list) or not collects:
        raise TaxonomyError(f"{where} ({name}): collects must be a list of label names, got {collects!r}")
    sources = tuple(text(source, f"{where} ({name}): collects") for source in collects)
    color = entries.color(fields["color"], f"{where} ({name}): color")
    flags = {flag: fields.get(flag, False) for flag in ("priority", "background")}
    return ClassSpec(name, color, **flags, severity=_severity(fields, f"{where} ({name})")), sources


def _severity(fields: Mapping[str, Any], where: str) -> float:
    value = fields.get("severity", 1.0)
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise TaxonomyError(f"{where}: severity must be a number above 0, got {value!r}")
    if "severity" in fields and not fields.get("priority"):
        raise TaxonomyError(f"{where}: severity {value!r} has no effect without priority: true")
    return float(value)
