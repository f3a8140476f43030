"""Errors that concern more than one training."""


class CommonFault(ValueError):
    """An error that would fail every training of a sweep, whatever its settings, so the agent should exit."""
