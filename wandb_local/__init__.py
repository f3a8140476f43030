"""A W&B server for one machine, which the unmodified wandb client talks to."""

__version__ = "0.1.0"
