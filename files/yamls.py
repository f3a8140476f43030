"""YAML that others wrote, whose few letters may stand for gigabytes."""

from __future__ import annotations

import math
from typing import Any

import yaml

MAX_CHARACTERS = 4_000_000
MAX_WRITTEN_OUT = 8_000_000  # characters once each alias is replaced by what it stands for
_DIGITS = 100  # of a number; one that is written in sixties takes quadratic time


def load_yaml(text: str) -> Any:
    """Parse YAML. Aliases may be used as long as the whole stays small when they are written out.

    Raises:
        yaml.YAMLError: no YAML, too many levels, too long (also when written out), or a number of very many digits.
    """
    if len(text) > MAX_CHARACTERS:
        raise yaml.YAMLError(f"longer than {MAX_CHARACTERS} characters")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is not None and _written_out(node, {}) > MAX_WRITTEN_OUT:
            raise yaml.YAMLError(f"longer than {MAX_WRITTEN_OUT} characters once its aliases are written out")
        return None if node is None else loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("too many levels") from None
    except ValueError as error:  # no such day, say
        raise yaml.YAMLError(str(error)) from None
    finally:
        loader.dispose()  # type: ignore[no-untyped-call]


def _written_out(node: yaml.Node, known: dict[yaml.Node, float]) -> float:
    """Characters and parts of a node, whose aliases count each time; infinite where one is part of itself."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag.endswith((":int", ":float")) and len(node.value) > _DIGITS:
            raise yaml.YAMLError(f"a number of {len(node.value)} digits")
        return 1 + len(node.value)
    if node not in known:
        known[node] = math.inf
        pairs = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[node] = 1 + sum(_written_out(part, known) for part in pairs)
    return known[node]
