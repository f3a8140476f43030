"""YAML from untrusted sources, where a few characters can expand to gigabytes."""

from __future__ import annotations

import math
from typing import Any

import yaml

MAX_CHARACTERS = 4_000_000
MAX_WRITTEN_OUT = 8_000_000  # characters once each alias is replaced by what it stands for
_DIGITS = 100  # of a number; one that is written in sixties takes quadratic time


def load_yaml(text: str) -> Any:
    """Parse YAML. Aliases are allowed if the document is still small when they are expanded.

    Raises:
        yaml.YAMLError: not YAML, nested too deeply, too long (also when expanded), or a number has too many digits.
    """
    if len(text) > MAX_CHARACTERS:
        raise yaml.YAMLError(f"the text is longer than {MAX_CHARACTERS} characters")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is not None and _written_out(node, {}) > MAX_WRITTEN_OUT:
            raise yaml.YAMLError(f"the text is longer than {MAX_WRITTEN_OUT} characters when its aliases are expanded")
        return None if node is None else loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except ValueError as error:  # no such day, say
        raise yaml.YAMLError(str(error)) from None
    finally:
        loader.dispose()  # type: ignore[no-untyped-call]


def _written_out(node: yaml.Node, known: dict[yaml.Node, float]) -> float:
    """Characters and parts of a node, whose aliases count each time; infinite if one is part of itself."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag.endswith((":int", ":float")) and len(node.value) > _DIGITS:
            raise yaml.YAMLError(f"it has a number of {len(node.value)} digits")
        return 1 + len(node.value)
    if node not in known:
        known[node] = math.inf
        pairs = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[node] = 1 + sum(_written_out(part, known) for part in pairs)
    return known[node]
