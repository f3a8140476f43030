"""All limits on requests, in one place: size, depth and number. docs/server.md lists them for users.

A small message can become huge: by compression, by aliases, or by a header that announces a large size. So each reader
here computes the size of the result before it makes the result.
"""

import math
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import yaml

from wandb_local.errors import ClientError

MAX_PART = 10_000
MAX_BODY = 64 << 20  # bytes of a message, also after its gzip is undone; uploaded files have no limit
MAX_VALUES = 1_000_000  # of the JSON in a message, or in a line of it
MAX_STORED_VALUES = 8_000_000  # of a table with all its parts, or of a manifest
MAX_DEPTH = 100  # of JSON
MAX_STORED_BYTES = 512 << 20  # of a file that the server itself opens: a table, a manifest
MAX_YAML = 256 << 10  # characters of a sweep's configuration
MAX_WRITTEN_OUT = 1_000_000  # characters of it once each alias is replaced by what it stands for
MAX_NUMBERS = 4_000_000  # in the arrays of a table's cells
MAX_PIXELS = 40_000_000  # of a mask that the server counts classes in
MAX_CLOUD_BYTES = 128 << 20  # of the file of a point cloud that a page draws
MAX_CLOUD_VALUES = 4_000_000  # of its JSON
MAX_CLOUD_POINTS = 100_000  # that the page draws of it
MAX_STRINGS = 10_000  # of a list of names, tags or keys
MAX_KEY = 1_000  # characters of a name with dots, which can be read in several ways
MAX_QUERY_FIELDS = 1_000  # of a GraphQL document, fragments written out; the client's longest has 72
MAX_QUERY_DEPTH = 40
MAX_SAME_FIELD = 20  # how often one field of one object may be asked for; the client never does twice
MAX_ANSWER_FIELDS = 2_000_000
QUERY_SECONDS = 30.0  # of the processor, for the answer to one query

MAX_CONNECTIONS = 4_096  # at once, or as many files as the process may open, less some
HEAD_BYTES = 64 << 10  # of a request
HEAD_SECONDS = 20.0  # until it is there
BODY_SECONDS = 60.0  # between two parts of a body
KEEP_SECONDS = 75.0  # between two requests on one connection

_PIECE = 1 << 20
_DIGITS = 100  # of a number in YAML; one that is written in sixties takes quadratic time


class TooLargeError(ClientError):
    """The request exceeds a limit of size, depth or number."""

    status = 413


def inflated(data: bytes) -> bytes:
    """The decompressed bytes of a gzip body.

    Raises:
        ClientError: the body is not gzip.
        TooLargeError: the decompressed body has more than ``MAX_BODY`` bytes.
    """
    try:
        found = zlib.decompressobj(wbits=31).decompress(data, MAX_BODY + 1)
    except zlib.error:
        raise ClientError("the body is not gzip, as its Content-Encoding says") from None
    if len(found) > MAX_BODY:
        raise TooLargeError(f"the body is larger than {MAX_BODY} bytes")
    return found


def check_json(text: str, most: int = MAX_VALUES, *, depth: bool = True) -> int:
    """The number of values in JSON that is not parsed yet (an upper bound), which takes little memory to find.

    Raises:
        TooLargeError: there are more than ``most``, or (unless ``depth`` is unset) they are nested deeper than
            ``MAX_DEPTH``.
    """
    brackets = text.count("[") + text.count("{")
    values = 1 + brackets + text.count(",")
    if values > most or (depth and brackets > MAX_DEPTH):
        values, deepest = _outside_of_strings(text.encode(errors="replace"))
        if depth and deepest > MAX_DEPTH:
            raise TooLargeError(f"the JSON is nested deeper than {MAX_DEPTH}")
        if values > most:
            raise TooLargeError(f"the JSON has more than {most} values")
    return values


def _outside_of_strings(data: bytes) -> tuple[int, int]:
    """The number of values and the depth of JSON, without brackets and commas inside its strings."""
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    values, depth, deepest, quotes = 1, 0, 0, 0
    for start in range(0, len(plain), _PIECE):
        piece = np.frombuffer(plain, np.uint8, min(_PIECE, len(plain) - start), start)
        before = np.cumsum(piece == ord('"')) + quotes
        outside = before % 2 == 0
        letters = np.where(outside, piece | 0x20, 0)  # [ and {, ] and } differ in this bit
        opening = letters == ord("{")
        nested = depth + np.cumsum(opening.astype(np.int64) - (letters == ord("}")))
        values += int(np.count_nonzero(opening)) + int(np.count_nonzero(outside & (piece == ord(","))))
        quotes, depth, deepest = int(before[-1]), int(nested[-1]), max(deepest, int(nested.max()))
    return values, deepest


def load_yaml(text: str) -> Any:
    """Parse YAML. Aliases are allowed if the document is still small when they are expanded.

    Raises:
        TooLargeError: it is too long, also when expanded, or has a number of too many digits.
        yaml.YAMLError: it is not YAML, or an alias refers to a node that contains it.
        ValueError, RecursionError: a value that cannot be read, or too many levels.
    """
    if len(text) > MAX_YAML:
        raise TooLargeError(f"the YAML is longer than {MAX_YAML} characters")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _written_out(node, {}) > MAX_WRITTEN_OUT:
            raise TooLargeError(f"the YAML is longer than {MAX_WRITTEN_OUT} characters when its aliases are expanded")
        return loader.construct_document(node)
    finally:
        loader.dispose()  # type: ignore[no-untyped-call]


def _written_out(node: yaml.Node, known: dict[yaml.Node, float]) -> float:
    """Characters and parts of a node, whose aliases count each time; infinite if one is part of itself."""
    if node not in known:
        known[node] = math.inf
        known[node] = 1 + sum(_written_out(child, known) for child in _children(node))
    return known[node] if not isinstance(node, yaml.ScalarNode) else 1 + len(node.value)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if node.tag.endswith((":int", ":float")) and len(node.value) > _DIGITS:
        raise TooLargeError(f"the YAML has a number of {len(node.value)} digits")
    return []


class Budget(threading.local):
    """How much of the processor the query that this thread answers may still take."""

    _end = math.inf

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Within this, ``spent`` becomes true after some seconds of the processor's time; infinite: never."""
        before, self._end = self._end, time.thread_time() + seconds
        try:
            yield
        finally:
            self._end = before

    def spent(self) -> bool:
        """Whether the time limit has passed."""
        return time.thread_time() > self._end

    def check(self) -> None:
        """Raise a TooLargeError if the time is over."""
        if self.spent():
            raise TooLargeError(f"the answer takes more than {QUERY_SECONDS:g} s; ask for less at once")


BUDGET = Budget()
