"""Names that clients send: what is accepted, and ids that the server makes."""

import base64
import binascii
import posixpath
import re
import secrets

from wandb_local.errors import ClientError, NotFoundError

_NAME = re.compile(r"[^/\\#?%:\x00-\x1f\x7f]{1,128}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
DEFAULT_ENTITY = "local"
DEFAULT_PROJECT = "uncategorized"


def checked_name(what: str, name: object) -> str:
    r"""``name`` if it can name an entity, project, run or collection: 1 to 128 characters, none of ``/\#?%:``.

    Raises:
        ClientError: it cannot.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in (".", ".."):
        raise ClientError(rf"{what} {name!r}: give 1 to 128 characters without / \ # ? % : and control characters")
    return name


def checked_path(name: object) -> str:
    """A relative file path in normal form (``./a//b`` is ``a/b``).

    Raises:
        ClientError: absolute, pointing upwards, empty, or longer than 1024 characters.
    """
    if not isinstance(name, str) or not name or len(name) > 1024 or "\x00" in name:
        raise ClientError(f"file name {name!r}: give a relative path of at most 1024 characters")
    normal = posixpath.normpath(name.replace("\\", "/"))
    if normal.startswith("/") or normal == "." or ".." in normal.split("/"):
        raise ClientError(f"file name {name!r}: give a relative path that does not point upwards")
    return normal


def new_name() -> str:
    """A short random name, as W&B gives runs and sweeps."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def to_id(kind: str, number: int) -> str:
    """The opaque id of a record: base64 of ``Kind:number``."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def from_id(kind: str, text: object) -> int:
    """The number in an id that ``to_id`` made.

    Raises:
        NotFoundError: not an id of that kind.
    """
    try:
        found, _, number = base64.b64decode(str(text), validate=True).decode().partition(":")
        if found == kind and len(number) < 19:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise NotFoundError(f"no {kind} has the id {str(text)[:100]!r}")
