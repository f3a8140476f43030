"""Times in the reader's time zone, which the browser sends in a cookie (``shell.js``)."""

import datetime as dt
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import flask
from dash import html
from dash.development.base_component import Component

from wandb_local.documents import Document

COOKIE = "wandb_local_zone"


def zone() -> dt.tzinfo:
    """The reader's time zone; UTC if it is not known, or not known here."""
    name = unquote(flask.request.cookies.get(COOKIE, "")) if flask.has_request_context() else ""
    try:
        return ZoneInfo(name) if name else dt.UTC
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return dt.UTC


def short(seconds: float) -> str:
    """A time to the minute; it says so if it is UTC."""
    moment = dt.datetime.fromtimestamp(seconds, zone())
    return f"{moment:%Y-%m-%d %H:%M}" + (" UTC" if moment.tzinfo is dt.UTC else "")


def exact(seconds: float) -> str:
    """A time to the second, with how far it is from UTC."""
    return f"{dt.datetime.fromtimestamp(seconds, zone()).isoformat(sep=' ', timespec='seconds')}"


def time_text(seconds: float | None) -> Component | None:
    """A time in a text; the pointer shows it exactly."""
    return None if seconds is None else html.Time(short(seconds), dateTime=exact(seconds), title=exact(seconds))


def duration(seconds: float) -> str:
    """How long something took, in the two units that count."""
    left = max(round(seconds), 0)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if left >= size:
            return f"{left // size} {unit} {left % size // part} {smaller}"
    return f"{left} s"


def put_time(row: Document, field: str, seconds: float | None) -> None:
    """Give a grid's row a time, for a ``grids.time_column``: seconds to sort by, text to show."""
    row[field] = seconds
    if seconds is not None:
        row.setdefault("shown", {})[field] = short(seconds)
        row.setdefault("exact", {})[field] = exact(seconds)


def for_chart(seconds: float) -> str:
    """A time for plotly, which has no time zones."""
    return dt.datetime.fromtimestamp(seconds, zone()).replace(tzinfo=None).isoformat(timespec="milliseconds")


def from_chart(text: Any) -> float | None:
    """The seconds of a time that plotly names, or None."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=zone()).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def clock() -> str:
    """The label of the time axis of a chart."""
    return "time (UTC)" if zone() is dt.UTC else "time"
