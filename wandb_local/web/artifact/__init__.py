"""Pages of artifacts: the list, a collection with its versions, and one version with files, differences and lineage."""

from wandb_local.web.artifact import collection
from wandb_local.web.artifact.listing import Listing
from wandb_local.web.artifact.version import VIEWS

PAGES = (Listing(typed=False), Listing(typed=True), collection, *VIEWS)
