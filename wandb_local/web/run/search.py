"""A search for a text in the console lines of a run. When it is repeated, it reads only the new lines."""

import functools
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable

from wandb_local.context import Context
from wandb_local.records.console import new_rows
from wandb_local.store.database import Row
from wandb_local.web.recent import Recent

_MOST_BYTES = 64 << 20  # of the searches that are remembered


def find(context: Context, run: Row, text: str, shows: Callable[[Row, str], bool]) -> "array[int]":
    """The numbers of the lines of a run that show a text, in order, by ``shows(line, text)``; letters are folded."""
    wanted = text.casefold()
    key = (run["id"], run["updated_at"], wanted)  # a run that starts anew, without its lines, is updated
    search = _searches(context).get(key, lambda: _Search(context, run["id"]))
    return search.numbers(lambda line: shows(line, wanted))


class _Search:
    """The lines of a run that showed a text when somebody asked last. A line that is rewritten since has a higher row
    id than all that were there."""

    def __init__(self, context: Context, run_id: int) -> None:
        self._db = context.db
        self._run_id = run_id
        self._seen = 0
        self._found: array[int] = array("q")
        self._guard = threading.Lock()

    def bytes(self) -> int:
        return self._found.itemsize * len(self._found) + 1000

    def numbers(self, fits: Callable[[Row], bool]) -> "array[int]":
        with self._guard:
            seen = self._seen
            for row in new_rows(self._db, self._run_id, seen):
                seen = max(seen, row["rowid"])
                self._note(row["number"], fits(row))
            self._seen = seen
            return self._found[:]

    def _note(self, number: int, fits: bool) -> None:
        place = bisect_left(self._found, number)
        known = number in self._found[place : place + 1]
        if fits and not known:
            self._found.insert(place, number)
        elif known and not fits:
            del self._found[place]


@functools.lru_cache(maxsize=4)
def _searches(context: Context) -> Recent[_Search]:
    return Recent(_MOST_BYTES, _Search.bytes)
