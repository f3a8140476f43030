"""Errors that a client may see, each with the HTTP status to which the wandb client reacts correctly."""


class ClientError(ValueError):
    """The request is invalid; sending it again would not help."""

    status = 400


class NotFoundError(ClientError):
    """The thing that was named does not exist. Never raised for passing trouble: the client gives up on a 404."""

    status = 404


class UnsupportedError(ClientError):
    """The feature exists in W&B's cloud and not in this server."""

    status = 400


class FolderInUseError(RuntimeError):
    """Another server holds the data folder."""
