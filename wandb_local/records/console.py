"""What a run has printed."""

from typing import Any

from wandb_local.store.database import Row


def log_line(row: Row) -> dict[str, Any]:
    """A console line without the marks that the client puts before it: ``ERROR`` for stderr, and the time."""
    text, level = str(row["line"]), "info"
    if text.startswith("ERROR "):
        text, level = text[6:], "error"
    stamp, _, rest = text.partition(" ")
    timestamp = stamp if len(stamp) >= 19 and stamp[4:5] == "-" and "T" in stamp else None
    line = (rest if timestamp else text).rstrip("\n")
    return {"number": row["number"], "timestamp": timestamp, "level": level, "label": "", "line": line}
