"""The links between a project's pages."""

from collections.abc import Mapping

from dash.development.base_component import Component

from wandb_local.web.tabs import make_tabs
from wandb_local.web.urls import address


def project_tabs(params: Mapping[str, str], current: str) -> Component:
    """Links to the project's runs, sweeps and artifacts; ``current`` is one of these words."""
    place = (params["entity"], params["project"])
    links = {"runs": address(*place), "sweeps": address(*place, "sweeps"), "artifacts": address(*place, "artifacts")}
    return make_tabs("Project", links, current)
