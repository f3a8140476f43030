"""The client's types of the columns of a table."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from wandb_local.allowance import Allowance
from wandb_local.limits import TooLargeError
from wandb_local.web.table.files import Files


def fill_arrays(
    files: Files, columns: list[Any], rows: list[list[Any]], types: Mapping[str, Any], left: Allowance
) -> Iterator[str]:
    """Fill in the columns of NumPy arrays, which are in separate files; yields a note for each that is left out."""
    for place, name in enumerate(columns):
        for kind in allowed_types(types.get(str(name))):
            stored = kind.get("params", {}).get("serialization_path")
            file = files.find(stored.get("path")) if isinstance(stored, dict) else None
            if file is None:
                continue
            try:
                arrays = left.array(files.read(file, left), stored["key"])
            except TooLargeError as error:
                yield f"the arrays of column {name} are not shown: {error}"
                continue
            except (ValueError, KeyError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error):
                continue
            for row, array in zip(rows, arrays, strict=False):
                row[place] = array.tolist()


def allowed_types(kind: object) -> list[Mapping[str, Any]]:
    """The members of a union type, or the type itself, as the client describes a column."""
    if not isinstance(kind, dict):
        return []
    params = kind.get("params")
    if kind.get("wb_type") == "union" and isinstance(params, dict):
        return [member for one in params.get("allowed_types", []) for member in allowed_types(one)]
    return [kind]
