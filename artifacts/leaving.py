"""What part of the data a run sends to its server, by the setting `log_data`.

files       frames and masks, and a table that shows them
reference   no frames, but digest, names, splits, taxonomy, class frequencies, and small pictures of a few frames
none        nothing but the name and the digest, in the run's config
auto        files if the server is on this machine, else reference

The tables of an evaluation show frames that were evaluated. With none, they have only names and scores.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import wandb

CLOUD = "api.wandb.ai"
FEW = 8  # pictures in a reference, chosen so that they show every class where that is possible
FEW_SIDE = 320  # pixels, the longest side of such a picture
SAMPLED = 4  # frames in the picture of augmented frames, which every mode but none logs
MAX_IMAGES = 101  # frames that the tables of an evaluation show, the worst ones: CamVid's validation split
MAX_SIDE = 640  # pixels, their longest side

_SENT = {
    "files": "all frames and masks go to {place}",
    "reference": f"no data files go to {{place}}, but pictures of at most {FEW + SAMPLED} frames, and of at most "
    f"{MAX_IMAGES} val frames in tables; --log_data none sends no pictures, and --log_data files sends all data",
    "none": "no frame, mask or picture goes to {place}; tables have only names and scores",
}


def settled(run: wandb.Run, log_data: str) -> str:
    """The value files, reference or none that `log_data` means for the run's server; prints it in one line."""
    if run.disabled:
        return "none"
    server = run.settings.base_url
    if log_data == "auto":
        log_data = "files" if on_this_machine(server) else "reference"
    place = "the server that the run is synced to" if run.offline else urlsplit(server).hostname
    print(f"log_data={log_data}: {_SENT[log_data].format(place=place)}", flush=True)
    return log_data


def shows_frames(run: wandb.Run) -> bool:
    """Whether pictures of frames may be logged to the run, by the `log_data` in its config."""
    return run.config.get("log_data") != "none"  # type: ignore[no-untyped-call,no-any-return]


def on_this_machine(url: str) -> bool:
    """Whether all addresses of the URL's host are addresses of this machine."""
    host = urlsplit(url).hostname
    if host == CLOUD:  # a machine without a network may wait long for the answer
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return False
    return all(_is_loopback(str(address[0])) for *_, address in found)


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])  # without the zone of an IPv6 address
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified  # 0.0.0.0 as a target is this machine
