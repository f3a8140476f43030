"""Words of a command line that do not belong to a flag: the message quotes them and shows a form that works."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NoReturn

from configs.config import TrainConfig
from configs.values import CommonMistake

LISTS = ("tags", "tasks", "seeds", "vary")  # flags whose values are separated by commas


def refuse(word: str, words: Sequence[str]) -> NoReturn:
    """Raises an error that explains a word which does not belong to a flag.

    Args:
        word: the first such word.
        words: the whole command line.

    Raises:
        CommonMistake: always.
    """
    flag, values = _place(word, words)
    key, equals, value = word.lstrip("-").partition("=")
    known = key.replace("-", "_") in vars(TrainConfig())
    if flag == "vary" and equals:
        form = f"--vary={word}"
    elif known:  # lr=0.1, -lr=0.1, -lr
        form = f"--{key}={value or 'VALUE'}"
    elif equals or word.startswith("-"):
        TrainConfig.from_dict({key: None}, source="command line")  # names the closest key
        raise AssertionError(key)
    elif flag:
        parts = [part.strip(",") for part in values] if flag in LISTS else values
        form = f"--{flag}={(',' if flag in LISTS else ' ').join(parts)}"
    else:
        raise CommonMistake(f"command line: {word!r} does not belong to a flag; --help lists the flags")
    raise CommonMistake(f"command line: {word!r} does not belong to a flag; write {shlex.quote(form)}")


def _place(word: str, words: Sequence[str]) -> tuple[str, list[str]]:
    """The flag before the stray word, and all words between it and the next flag; ("", []) if there is no flag."""
    flag, values, found = "", list[str](), False
    for given in [*words, "--"]:
        if not given.startswith("--"):
            values.append(given)
            found |= given == word and len(values) > 1
            continue
        if flag and found:
            return flag.replace("-", "_"), values
        flag, equals, value = given[2:].partition("=")
        values = [value] if equals else []
    return "", []
