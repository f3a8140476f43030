"""Flags whose words may be joined by hyphens or by underscores: --batch-size is --batch_size."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any


class FlagParser(argparse.ArgumentParser):
    """An `ArgumentParser` that takes both spellings of a flag; `--help` shows the one that was defined.

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
