"""The best settings of a sweep, below preset and flags. They come from a server, so they are checked as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from configs.config import TrainConfig
from configs.values import MAPPINGS, ConfigError
from files.yamls import load_yaml

# From a sweep and a backbone (None: any) to a text that names the best run, and the settings that the sweep varied.
BestSettings = Callable[[str, str | None], tuple[str, Mapping[str, Any]]]


class Swept:
    """The best run of each sweep and backbone that is asked for; it is read and printed once.

    Args:
        read: asks the server.
    """

    def __init__(self, read: BestSettings | None) -> None:
        self.read = read
        self.found: dict[tuple[str, str | None], dict[str, Any]] = {}

    def below(self, pinned: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that the sweep `from_sweep` gives: those of its best run (with the pinned backbone, if one is
        pinned) that are not pinned.

        Raises:
            ConfigError: a value that is not allowed.
        """
        sweep, backbone = pinned.get("from_sweep", ""), pinned.get("backbone")
        if not sweep or all(field.name in pinned for field in dataclasses.fields(TrainConfig)):
            return {}
        if self.read is None:
            raise ConfigError(f"from_sweep={sweep}: only train.py can read a sweep")
        if (sweep, backbone) not in self.found:
            source, found = self.read(sweep, backbone)
            self.found[sweep, backbone] = _checked(source, found)
            _tell(source, self.found[sweep, backbone], pinned)
        return {key: value for key, value in self.found[sweep, backbone].items() if key not in pinned}


def _checked(source: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are settings here; a mapping that an agent passed as text becomes one."""
    known = {field.name for field in dataclasses.fields(TrainConfig)}
    if unknown := sorted(set(found) - known):
        print(f"{source}: these parameters are ignored, because they are not settings here: {', '.join(unknown)}")
    mapped = {key: load_yaml(text) for key in MAPPINGS if isinstance(text := found.get(key), str)}
    settings = {key: value for key, value in {**found, **mapped}.items() if key in known}
    TrainConfig.from_dict(settings, source=source)
    return settings


def _tell(source: str, settings: Mapping[str, Any], pinned: Mapping[str, Any]) -> None:
    taken = {key: value for key, value in settings.items() if key not in pinned}
    others = {key: value for key, value in settings.items() if key in pinned and pinned[key] != value}
    print(f"{source}: {_line(taken) or 'nothing is taken, because preset and flags set everything'}")
    if others:
        print(f"  preset and flags keep {_line({key: pinned[key] for key in others})}; the sweep had {_line(others)}")


def _line(settings: Mapping[str, Any]) -> str:
    texts = {key: f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in settings.items()}
    return ", ".join(f"{key}={text}" for key, text in texts.items())
