"""Faults that concern more than the training that met them."""


class CommonFault(ValueError):
    """What would fail every training of a sweep alike, whatever its settings: the agent is to leave."""
