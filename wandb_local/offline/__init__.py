"""Runs that were tracked offline: found on disk, read just far enough to name them, imported through ``wandb sync``."""
