"""Small checks of single values; each raises `SweepConfigError` with the key, the value and what is allowed."""

import difflib
import math
from collections.abc import Collection, Mapping
from typing import Any

from wandb_local.search.errors import SweepConfigError


def mapping(value: Any, key: str) -> Mapping[str, Any]:
    """Value must be a mapping with text keys."""
    if not isinstance(value, Mapping):
        raise SweepConfigError(key, f"must be a mapping of keys to values, got {value!r}")
    for name in value:
        if not isinstance(name, str):
            raise SweepConfigError(f"{key}.{name}", f"keys must be text, got {name!r}: put it in quotes")
    return value


def known_keys(value: Mapping[str, Any], allowed: Collection[str], prefix: str) -> None:
    """Every key must be one of `allowed`."""
    for name in value:
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise SweepConfigError(f"{prefix}{name}", f"unknown key; {hint}allowed: {', '.join(sorted(allowed))}")


def one_of(value: Any, choices: Collection[Any], key: str) -> Any:
    """Value must be one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise SweepConfigError(key, f"must be one of {', '.join(choices)}, got {value!r}")
    return value


def text(value: Any, key: str) -> str:
    """Value must be text that is not empty."""
    if not isinstance(value, str) or not value:
        raise SweepConfigError(key, f"must be text, got {value!r}")
    return value


def flag(value: Any, key: str) -> bool:
    """Value must be true or false."""
    if not isinstance(value, bool):
        raise SweepConfigError(key, f"must be true or false, got {value!r}")
    return value


def number(value: Any, key: str, above: float = -math.inf, at_least: float = -math.inf) -> float:
    """Value must be a finite number, greater than `above` and not less than `at_least`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SweepConfigError(key, f"must be a finite number, got {value!r}{_hint(value)}")
    if value <= above:
        raise SweepConfigError(key, f"must be greater than {above:g}, got {value!r}")
    if value < at_least:
        raise SweepConfigError(key, f"must be at least {at_least:g}, got {value!r}")
    return value


def whole(value: Any, key: str, at_least: int | None = None) -> int:
    """Value must be an integer, not less than `at_least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise SweepConfigError(key, f"must be a whole number, got {value!r}")
    if at_least is not None and value < at_least:
        raise SweepConfigError(key, f"must be at least {at_least}, got {value!r}")
    return value


def _hint(value: Any) -> str:
    """YAML reads `1e-3` as text; it wants a point before the exponent."""
    try:
        plain = repr(float(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""
    mantissa, _, exponent = plain.partition("e")
    number_in_yaml = f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent}" if exponent else plain
    return f": YAML reads it as text, write {number_in_yaml}" if plain else ""
