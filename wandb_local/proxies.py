"""Requests to a server on this machine bypass the proxies of the environment."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")  # no [::1]: httpx, which the model hub's client uses, stops at the brackets
_NAMES = ("no_proxy", "NO_PROXY")  # Go looks at the upper case first, Python at the lower


def bypass(environment: Mapping[str, str], url: str) -> dict[str, str]:
    """The variables that keep every proxy away from the server at ``url``, whichever of ``http_proxy``,
    ``https_proxy`` and ``all_proxy`` is set. Hosts that are listed already stay."""
    found = {}
    for name, other in (_NAMES, _NAMES[::-1]):
        value = environment.get(name) or environment.get(other) or ""
        listed = [host.strip() for host in value.split(",") if host.strip()]
        hosts = dict.fromkeys([*listed, *_local(url)])
        found[name] = "*" if listed == ["*"] else ",".join(hosts)  # Python obeys a star only where it stands alone
    return found


def shell_line(url: str) -> str:
    """The same for a shell, which adds to what is listed there."""
    hosts = ",".join(_local(url))
    kept = '[ "${no_proxy:=${NO_PROXY:-}}" = "*" ] || no_proxy="${no_proxy:+$no_proxy,}'
    return f'{kept}{hosts}"; export no_proxy NO_PROXY="$no_proxy"'


def _local(url: str) -> list[str]:
    return list(dict.fromkeys([*LOCAL, urlsplit(url).hostname or "localhost"]))
