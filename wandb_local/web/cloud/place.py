"""The place of a point cloud on a page, which ``clouds.js`` fills."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from wandb_local.web.cloud.read import ENDING

KIND = "object3D"


def is_cloud(kind: str, path: str) -> bool:
    """Whether a medium is a point cloud, and not one of the meshes that the client takes as `wandb.Object3D`, too."""
    return kind.removesuffix("-file") == KIND and path.endswith(ENDING)


def cloud_url(url: str) -> str:
    """The address of the points in the file at an address, for the browser."""
    return f"{url}?cloud"


def object_3d(path: str, url: str, title: str) -> Component:
    """A viewer and a link to the file; the link alone for a mesh."""
    link = html.A(path.rpartition("/")[2], href=f"{url}?download")
    if is_cloud(KIND, path):
        place = html.Div(className="cloud", **{"data-cloud": cloud_url(url), "data-title": title})
        return html.Div([place, link])
    return html.Div([link, html.P("Of 3D objects, the pages draw point clouds (.pts.json) alone.", className="soft")])
