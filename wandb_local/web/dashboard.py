"""The Dash application: its settings, the shell, and the pages."""

import logging
import traceback
from pathlib import Path

import dash
import flask
from a2wsgi import WSGIMiddleware
from starlette.types import ASGIApp

from wandb_local.context import Context
from wandb_local.web.pages import PAGES
from wandb_local.web.shell import make_shell, register_shell

logger = logging.getLogger(__name__)
_THREADS = 4  # callbacks that run at once; each thread has its own database connection
_MAX_BODY = 8 << 20  # bytes of a callback's arguments
_POLICY = (
    "default-src 'none'; script-src 'self' {hashes}; connect-src 'self'; img-src 'self' data: blob:;"
    # the grid and the charts write style elements of their own, at run time
    " style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self' blob:; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


_INDEX = """<!doctype html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>
"""


def build_dashboard(context: Context) -> ASGIApp:
    """The pages, without login."""
    app = dash.Dash(
        "wandb_local",
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_url_path="_assets",
        title="wandb_local",
        update_title="",
        index_string=_INDEX,
        serve_locally=True,
        suppress_callback_exceptions=True,  # a page's components exist while it is shown
        on_error=_report,
        add_log_handler=False,
        enable_mcp=False,  # whatever the environment says
    )
    app.layout = make_shell
    register_shell(app, context)
    for page in PAGES:
        page.register(app, context)
    server: flask.Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    policy = _POLICY.format(hashes=" ".join(app.csp_hashes()))
    with server.test_request_context():  # Dash lists its assets at the first request; one beside it would lack them
        server.preprocess_request()

    @server.after_request
    def protect(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = policy
        return response

    for kind in (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        server.register_error_handler(kind, _refuse)
    return WSGIMiddleware(server, workers=_THREADS)  # type: ignore[arg-type,return-value]


def _refuse(error: Exception) -> flask.Response:
    """An error outside of a callback: a request that Dash cannot read, and that no page sends."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = f"{type(error).__name__}: {error}"[:300]
    logger.warning("refused %s: %r (%s:%s)", flask.request.path, said, Path(place.filename).name, place.lineno)
    return flask.Response("No page of this server sends this request.\n", 400, mimetype="text/plain")


def _report(error: Exception) -> None:
    """A callback that failed: the log has the traceback, the visitor a line at the top of the page."""
    logger.error("%s: %s", type(error).__name__, error, exc_info=error)
    dash.set_props("shell-notice", {"children": f"The action failed: {error}"})
