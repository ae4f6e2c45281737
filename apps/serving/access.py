"""`Access`: who may reach a page, by the address it listens on, the names it is called by, and its accounts."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers

from gemma2_workbench.apps.serving.refusal import Refusal

_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(:(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = (None, "80", "443")


@dataclass(frozen=True)
class Access:
    """Who may come in.

    Attributes:
        host: the address that the page listens on.
        names: what browsers call the page beside that, as where a proxy stands in front of it.
        accounts: passwords by user; where there are none, everybody who reaches the page may use it.
    """

    host: str = "127.0.0.1"
    names: tuple[str, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def private(self) -> bool:
        """Whether only this machine reaches the page."""
        return is_loopback(self.host) and not self.names

    def check_host(self, headers: Headers) -> None:
        """Refuse a request that calls the page by a foreign name.

        A page elsewhere can have its own name resolve to this machine (DNS rebinding); its scripts would then count as
        same-origin. They cannot choose the `Host` that their browser sends.

        Raises:
            Refusal: 421.
        """
        found = _authority(headers.get("host", ""))
        if found is None or not self._is_called(found[0]):
            names = ", ".join(("localhost", "127.0.0.1", "[::1]", *self.names))
            raise Refusal(421, f"this server answers to {names} only; another name is allowed by --names NAME")

    def _is_called(self, name: str) -> bool:
        if is_loopback(name) or name in (self.host.lower(), *(given.lower() for given in self.names)):
            return True
        return not (is_loopback(self.host) or self.names)


def check_origin(headers: Headers, method: str) -> None:
    """Refuse what the page of another site asks for; following a link from one is allowed.

    Raises:
        Refusal: 403.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none").lower()
    same = origin is None or (_authority(origin.partition("://")[2]) == _authority(headers.get("host", "")))
    follows = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
    follows = follows and headers.get("sec-fetch-dest", "document") == "document"
    if not same or not (site in ("none", "same-origin") or follows):
        raise Refusal(403, "this was asked for by the page of another site; open the address of this page itself")


def is_loopback(name: str) -> bool:
    """Whether an address or name, with or without brackets, is this machine's own, seen by nobody else."""
    bare = name.strip("[]").lower()
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost"


def _authority(text: str) -> tuple[str, str | None] | None:
    """Name and port of a `Host` header or of what follows `://` in an origin; the ports of http and https are None."""
    found = _AUTHORITY.fullmatch(text.lower())
    if found is None:
        return None
    return found["name"], None if found["port"] in _DEFAULT_PORTS else found["port"]
