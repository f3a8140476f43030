"""The one error that a sweep configuration can cause."""


class SweepConfigError(ValueError):
    """A sweep configuration that cannot be searched.

    Attributes:
        key: dotted path of the offending key, such as `parameters.lr.min`.
        message: what is wrong with its value and what is allowed.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message
