"""Rules for names that clients send, and the ids that the server makes."""

import base64
import binascii
import posixpath
import re
import secrets
import unicodedata

from wandb_local.errors import ClientError, NotFoundError

_REORDERING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_NAME = re.compile(rf"[^/\\#?%:{_CONTROL}{_REORDERING}]{{1,128}}")
_TAG = re.compile(rf"[^{_CONTROL}{_REORDERING}]{{1,128}}")
_MARKS = re.compile(f"[{_REORDERING}]")
_UNSEEN = "\u034f\u115f\u1160\u2800\u3164\ufe0e\ufe0f\uffa0"  # marks and letters that are not drawn
_RULE = "give 1 to 128 characters, not only blanks, without control characters and marks of text direction"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
DEFAULT_ENTITY = "local"
DEFAULT_PROJECT = "uncategorized"


def checked_name(what: str, name: object) -> str:
    r"""``name`` if it can name an entity, project, run or collection: 1 to 128 characters, none of ``/\#?%:``.

    It becomes a part of addresses, which people read and compare. So it is not blank, and has no marks that change the
    order of what is read.

    Raises:
        ClientError: it cannot.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in (".", "..") or is_blank(name):
        raise ClientError(rf"{what} {_shown(name)}: {_RULE}, and none of / \ # ? % :")
    return name


def checked_tag(name: object) -> str:
    """``name`` if it can be a tag: 1 to 128 characters.

    Raises:
        ClientError: it cannot.
    """
    if not isinstance(name, str) or not _TAG.fullmatch(name) or is_blank(name):
        raise ClientError(f"tag {_shown(name)}: {_RULE}")
    return name


def is_blank(text: str) -> bool:
    """Whether a text has no visible character."""
    return all(letter in _UNSEEN or unicodedata.category(letter)[0] in "CZ" for letter in text)


def unmarked(text: str) -> str:
    """A text without marks of text direction, which would change the order of its neighbours in a line."""
    return _MARKS.sub("", text)


def _shown(name: object) -> str:
    return repr(name if not isinstance(name, str) or len(name) <= 150 else f"{name[:150]}…")


def checked_path(name: object) -> str:
    """A relative file path in normal form (``./a//b`` is ``a/b``).

    Raises:
        ClientError: absolute, pointing upwards, empty, or longer than 1024 characters.
    """
    if not isinstance(name, str) or not name or len(name) > 1024 or "\x00" in name:
        raise ClientError(f"file name {name!r}: give a relative path of at most 1024 characters")
    normal = posixpath.normpath(name.replace("\\", "/"))
    if normal.startswith("/") or normal == "." or ".." in normal.split("/"):
        raise ClientError(f"file name {name!r}: give a relative path without ..")
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
