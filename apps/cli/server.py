"""What commands that open a page in the browser have in common: where it is served, and to whom."""

import argparse
import errno
import math
import os
import socket
from typing import Any

from gemma2_workbench import scratch
from gemma2_workbench.apps.cli.accounts import accounts
from gemma2_workbench.limits import told
from gemma2_workbench.models.reading.shipped import DEFAULT

PORT = "GRADIO_SERVER_PORT"


def add_address(command: argparse.ArgumentParser) -> None:
    """The flags for the address, the browser, and who may come in."""
    command.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    # No `type`: argparse would say the usage beside what is wrong.
    command.add_argument("--port", help=f"1 to 65535; default: {PORT}, or the first free one from 7860")
    command.add_argument("--browser", action="store_true", help="open the page in the default browser")
    command.add_argument(
        "--auth", metavar="USER:PASSWORD|FILE", help="ask for a user and a password; a FILE has one such line per user"
    )
    command.add_argument(
        "--models",
        nargs="+",
        default=[],
        metavar="NAME",
        help="the only models that the page loads; default: any, with --host of a network the embedded ones",
    )
    command.add_argument(
        "--memory",
        metavar="GB",
        help="most that models and runs may take while they are kept; default: half of what is free",
    )
    command.add_argument(
        "--names", nargs="+", default=[], metavar="NAME", help="what browsers call the page, as through a proxy"
    )


def serving(options: argparse.Namespace) -> dict[str, Any]:
    """What `serve` of an app takes: the model's flags, the address, and who may come in.

    Gradio's files go away with the process.

    Raises:
        ValueError: no such host or port, no model that can be loaded, or as `accounts`.
        OSError: the port is taken, no such model, or as `accounts`.
    """
    from gemma2_workbench.models.loading import check_loadable

    # Gradio reads it when it is imported, and when components are made.
    os.environ["GRADIO_TEMP_DIR"] = str(scratch.folder("page"))
    names = ("model", "dtype", "device", "quantize", "browser", "models", "names")
    host, port = _host(options.host), None if options.port is None else _port("--port", options.port)
    if port is None:
        _port(PORT, os.environ.get(PORT, "7860"))
    _check_free(host, port)
    given = {name: getattr(options, name) for name in names}
    for model in (options.model or DEFAULT, *options.models):
        check_loadable(model, dtype=options.dtype, device=options.device, quantize=options.quantize)
    return given | {"host": host, "port": port, "accounts": accounts(options.auth), "memory": _bytes(options.memory)}


def _port(what: str, text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0
    if not 1 <= number <= 65535:
        raise ValueError(
            f"{what} {told(text)} is no port: give a number from 1 to 65535, or leave it out for a free one"
        )
    return number


def _bytes(gigabytes: str | None) -> int | None:
    if gigabytes is None:
        return None
    try:
        number = float(gigabytes)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ValueError(f"--memory {gigabytes!r} is no amount: give gigabytes above 0, such as 4 or 0.5")
    return max(1, int(number * 1e9))


def _host(text: str) -> str:
    """The address as gradio takes it: IPv6 in brackets."""
    bare = text.strip().removeprefix("[").removesuffix("]")
    return f"[{bare}]" if ":" in bare else bare


def _check_free(host: str, port: int | None) -> None:
    """Listen for a moment, because a server that cannot would try a hundred ports first."""
    try:
        if not host:
            raise ValueError
        found = socket.getaddrinfo(host.strip("[]"), port or 0, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise OSError(f"port {port} is taken on {host}: choose another --port, or leave it out") from error
        if number in (errno.EACCES, errno.EPERM):
            raise OSError(f"this user may not listen on port {port}: choose a --port from 1024") from error
        raise ValueError(
            f"--host {host!r} is no address of this machine: give 127.0.0.1 (this machine only), 0.0.0.0 (all its "
            "networks), or one of its names or addresses"
        ) from error
