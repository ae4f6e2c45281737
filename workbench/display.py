"""How results show themselves: they offer it, and a room above them, which may know views and plotly, does it.

A trace lies below the views that draw it and may not import them. So `Trace.show` asks here, and whoever puts the rooms
together (the package's `__init__`) says once which module answers; that module is imported when it is first asked.
"""

from base64 import b64encode
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from gemma2_workbench.brief import brief

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class Display(Protocol):
    """What the answering module offers."""

    def html(self, subject: object) -> str:
        """The subject as static HTML: no script, nothing from outside."""
        ...

    def figure(self, subject: object, view: str, dark: bool, **options: object) -> "Figure":
        """One view of the subject, for the screen."""
        ...

    def svg(self, subject: object, view: str, venue: str | None, width: str | float, **options: object) -> bytes:
        """One view of the subject, as it stands in a paper."""
        ...


@dataclass(frozen=True)
class OnPaper:
    """A figure as it stands in a paper, of that very size; `svg` is the file."""

    svg: bytes

    def __repr__(self) -> str:
        return brief(self, f"of {len(self.svg):,} bytes of SVG")

    def _repr_html_(self) -> str:
        """On white in every notebook; as a picture, so that nothing in it can reach the page."""
        picture = b64encode(self.svg).decode()
        return f'<img alt="figure" style="background:#fff;padding:6px" src="data:image/svg+xml;base64,{picture}">'


class InNotebooks:
    """A result that a notebook shows as HTML."""

    def _repr_html_(self) -> str:
        """What Jupyter shows: static HTML, no script, nothing from outside."""
        return _display().html(self)


class Drawable(InNotebooks):
    """A result that views draw."""

    def show(self, view: str, *, dark: bool = False, **options: object) -> "Figure":
        """One view as a plotly figure, which a notebook displays.

        Args:
            view: name of a view: of `VIEWS` for a trace, of `PAIR_VIEWS` for a pair, of `SWEEP_VIEWS` for a sweep.
            dark: colours for a dark page.
            options: of the view, for example `layer=1, head=2`; the others take their defaults.

        Raises:
            ValueError: no such view, option or value, or the view needs what was not read.
        """
        return _display().figure(self, view, dark, **options)

    def on_paper(
        self, view: str, *, venue: str | None = None, width: str | float = "single", **options: object
    ) -> OnPaper:
        """One view as it stands in a paper, to look at; `save_figure` writes the file of a trace with its record.

        Args:
            view, options: as of `show`.
            venue, width: as of `save_figure`.

        Raises:
            ValueError: as of `show`; or no such venue or width.
        """
        return OnPaper(_display().svg(self, view, venue, width, **options))


_answering: list[str] = []


def answered_by(module: str) -> None:
    """Say which module is the `Display`."""
    _answering[:] = [module]


def _display() -> Display:
    return cast(Display, import_module(_answering[-1]))
