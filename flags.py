"""What all command lines share: both spellings of a flag, and a check that Python imports our own packages."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve().parent  # the checkout, or the folder into which pip installed it


def require_own(*names: str, program: bool = True) -> None:
    """Look for another package that Python would import in place of one of ours, such as a models/ where it started.

    Args:
        names: the names of the packages that are needed.
        program: if true, end the process with exit code 2 and one line on stderr.

    Raises:
        ImportError: with that line, if `program` is false.
    """
    for name in names:
        spec = find_spec(name)
        if spec is None or spec.origin is None or OWN in Path(spec.origin).resolve().parents:
            continue
        line = (
            f"{name}: Python would import {spec.origin}, but {OWN / name} is needed; start in another folder, or use "
            "python -P"
        )
        if not program:
            raise ImportError(line)
        print(f"error: {line}", file=sys.stderr)
        sys.exit(2)


def drop_empty_variables() -> None:
    """Unset W&B's variables that are empty, as they may be in a job script: the client refuses several of them."""
    for name in [name for name, value in os.environ.items() if name.startswith("WANDB_") and not value]:
        del os.environ[name]


def between(low: float, high: float = math.inf) -> Callable[[str], float]:
    """A reader of finite numbers from `low` to `high`, as the `type` of an argument."""
    limits = f"{low:g} or more" if math.isinf(high) else f"between {low:g} and {high:g}"
    return _number(lambda value: low <= value <= high, limits)


def above(low: float, high: float = math.inf) -> Callable[[str], float]:
    """A reader of finite numbers above `low`, and at most `high`, as the `type` of an argument."""
    limits = f"above {low:g}" if math.isinf(high) else f"above {low:g} and at most {high:g}"
    return _number(lambda value: low < value <= high, limits)


def _number(allowed: Callable[[float], bool], limits: str) -> Callable[[str], float]:
    def number(text: str) -> float:  # argparse names it for what is no number
        value = float(text)
        if not allowed(value) or math.isinf(value):
            raise argparse.ArgumentTypeError(f"{text} must be {limits}")
        return value

    return number


def count(text: str) -> int:
    """A whole number of 1 or more, as the `type` of an argument."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} must be 1 or more")
    return int(text)


class FlagParser(argparse.ArgumentParser):
    """An `ArgumentParser` that takes a flag with dashes or underscores; `--help` shows the spelling that was defined.

    The parsers of its subcommands are of the same class.
    """

    def parse_known_args(  # type: ignore[override]  # the overloads of the original differ in the namespace alone
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As in `ArgumentParser`, after each flag was spelled as it was defined."""
        words = sys.argv[1:] if args is None else args
        return super().parse_known_args([self._as_defined(word) for word in words], namespace)

    def _as_defined(self, word: str) -> str:
        name, equals, value = word.partition("=")
        if not name.startswith("--") or name in self._option_string_actions:
            return word
        joined = name[2:].replace("_", "-")
        same = [flag for flag in self._option_string_actions if flag[2:].replace("_", "-") == joined]
        return f"{same[0]}{equals}{value}" if same else word
