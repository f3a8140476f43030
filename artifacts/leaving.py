"""What part of the data a run sends to its server, by the setting `log_data`.

files       frames and masks, and a table that shows them
reference   no frames, but address, digest, names, splits, taxonomy, class frequencies, and small pictures of a few
none        nothing but the name and the digest, in the run's config
auto        files if the server is on this machine and the data is no larger than LARGE, else reference

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
LARGE = 2 * 2**30  # bytes of a data set that is sent as files only where that is asked for; all of CamVid is 0.6
MAX_FRAMES = 1000  # frames that the table of a data set shows where its files are sent: all of CamVid's 701
MAX_IMAGES = 101  # frames that the tables of an evaluation show: CamVid's validation split
MAX_SIDE = 640  # pixels, their longest side

_SENT = {
    "files": "all files of {name} go to {place}",
    "reference": "no data files of {name} go to {place}, but their address, pictures of at most "
    f"{FEW + SAMPLED} frames, and pictures of at most {MAX_IMAGES} val frames in tables; --log_data none sends no "
    "pictures, and --log_data files sends all data",
    "none": "no frame, mask or picture of {name} goes to {place}; tables have only names and scores",
}


def settled(run: wandb.Run, log_data: str, size: int, name: str) -> str:
    """The value files, reference or none that `log_data` means for the run's server and a data set of `size` bytes.

    It prints the value in one line.
    """
    if run.disabled:
        return "none"
    server = run.settings.base_url
    here = log_data == "auto" and on_this_machine(server)
    large = f" ({name} has {size / 2**30:.1f} GiB, more than {LARGE / 2**30:g})" if here and size > LARGE else ""
    if log_data == "auto":
        log_data = "files" if here and not large else "reference"
    place = "the server that the run is synced to" if run.offline else urlsplit(server).hostname
    print(f"log_data={log_data}{large}: {_SENT[log_data].format(name=name, place=place)}", flush=True)
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
