"""`GET workbench/static/{version}/{path}`: the modules and style sheets of the pages, as they lie in `apps/`.

Relative imports of a module mean the same file in the browser and on disk, where `node --test` reads them. The version
is a hash of all of them, so a browser may keep what it has for good.
"""

import hashlib
from functools import cache
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gemma2_workbench.apps.serving.refusal import Refusal

APPS = Path(__file__).parents[1]
ROOMS = ("page", "explorer", "token_classification")
KINDS = MappingProxyType({".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def files() -> dict[str, bytes]:
    """The content of each served file by its path within `apps/`."""
    paths = [path for room in ROOMS for path in sorted((APPS / room).rglob("*")) if path.suffix in KINDS]
    return {path.relative_to(APPS).as_posix(): path.read_bytes() for path in [*paths, APPS / "main.js"]}


@cache
def version() -> str:
    """A name for this state of all files."""
    digest = hashlib.sha256()
    for name, content in files().items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def styles() -> list[str]:
    """The style sheets: what all share first, then those of the frame, then one beside each part."""
    names = (name for name in files() if name.endswith(".css"))
    return sorted(names, key=lambda name: (name != "page/style.css", not name.startswith("page/"), name))


def address(path: str) -> str:
    """Where the browser finds `path`, relative to the page."""
    return f"workbench/static/{version()}/{path}"


def static_route() -> Route:
    """The route of all files."""

    def read(request: Request) -> Response:
        path = request.path_params["path"]
        if request.method not in ("GET", "HEAD"):
            return Refusal(405, "files are read here, with GET", {"Allow": "GET"}).response()
        # A page that was open while the server was updated asks for modules of the old version.
        if request.path_params["version"] != version() or path not in files():
            return Refusal(404, "this page is of another version of the workbench: reload it").response()
        return Response(files()[path], media_type=KINDS[Path(path).suffix], headers=HEADERS)

    return Route("/workbench/static/{version}/{path:path}", read, methods=METHODS)
