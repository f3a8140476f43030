"""Errors that name the artifact they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import wandb
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

CLIENT_ERRORS = (wandb.Error, WandbApiFailedError)  # what the client raises if a server is not there or refuses


class ArtifactError(ValueError):
    """An artifact cannot be fetched or logged, is damaged, or has the wrong content; the message names it."""


@contextmanager
def naming(name: str, deed: str, advice: str = "") -> Iterator[None]:
    """Turn the client's errors in the block into an `ArtifactError`: artifact NAME cannot be DEED: WHY; ADVICE."""
    try:
        yield
    except ArtifactError:
        raise
    except (*CLIENT_ERRORS, ValueError) as error:
        raise ArtifactError(f"artifact {name!r} cannot be {deed}: {error}{advice and f'; {advice}'}") from error


def offline_error(name: str) -> ArtifactError:
    """The error for an artifact that is needed while the client is offline."""
    return ArtifactError(
        f"artifact {name!r} cannot be fetched offline; log in (`wandb login`), set WANDB_BASE_URL, or give a folder"
    )
