"""Settings of a training: one frozen, flat, typed dataclass, and small presets in YAML."""

from configs.config import TrainConfig
from configs.load import parse_command_line
from configs.values import ConfigError

__all__ = ["ConfigError", "TrainConfig", "parse_command_line"]
