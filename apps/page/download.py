"""What a reader takes away from a tab: a figure or its numbers as a file that carries the record of its making."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gradio as gr

from gemma2_workbench import Trace, View, scratch
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.atomic import write
from gemma2_workbench.figures.paper import VENUES
from gemma2_workbench.records.archive import archived
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.view_recipe import ViewRecipe


class Format(NamedTuple):
    """What a format is of, and how its files end."""

    what: Literal["figure", "table"]
    ending: str


EVERYTHING = "Everything (ZIP)"
COLOURED = "LaTeX text"  # of what is a text in colours
FORMATS = {
    "PDF": Format("figure", "pdf"),
    "SVG": Format("figure", "svg"),
    "PNG": Format("figure", "png"),
    "HTML": Format("figure", "html"),
    "CSV": Format("table", "csv"),
    "Parquet": Format("table", "parquet"),
    "LaTeX table": Format("table", "tex"),
    EVERYTHING: Format("figure", "pdf"),
}
_KNOWN = FORMATS | {COLOURED: Format("figure", "tex")}


def _pages() -> dict[str, tuple[str | None, str]]:
    """Venue and width by what to call them: every venue's page, and its column where that is narrower."""
    pages: dict[str, tuple[str | None, str]] = {"any, page": (None, "text"), "any, column": (None, "single")}
    for venue, widths in VENUES.items():
        name = venue.upper()
        if widths["single"] == widths["text"]:
            pages[name] = (venue, "text")
        else:
            pages |= {f"{name}, page": (venue, "text"), f"{name}, column": (venue, "single")}
    return pages


PAGES = _pages()
# Gradio's own handler of the button would save the file of the click before.
FETCH = "() => setTimeout(() => (document.querySelector('#{0} a') || document.querySelector('#{0}')).click(), 50)"


@dataclass(frozen=True)
class Taken:
    """What a tab shows: a view of a run with some options; `token` is what its lens follows, if the reader chose it."""

    trace: Trace
    view: View
    options: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None


def take_away(shared: Shared, name: str, inputs: Sequence[Any], make: Callable[..., Taken]) -> None:
    """Put format, venue, button and download into the current row, for what is shown of a run.

    Args:
        shared: session and run.
        name: file name without its ending.
        inputs: components whose values `make` needs.
        make: (trace, *values) -> what is shown.
    """

    def of_run(run: str, *values: Any) -> Taken:
        trace: Trace | None = shared.session.store.find(run)
        if trace is None:
            raise ValueError("there is nothing to save yet: run a text first")
        return make(trace, *values)

    save_row(name, [shared.run, *inputs], of_run)


def save_row(name: str, inputs: Sequence[Any], make: Callable[..., Taken | Recipe]) -> None:
    """Put format, venue, button and download into the current row.

    Args:
        name: file name without its ending.
        inputs: components whose values `make` needs.
        make: (*values) -> what is shown; what is wrong is a ValueError, whose words the reader sees.
    """
    # A column for each: gradio would stack neighbouring controls in one box and leave half of it grey.
    with gr.Column(scale=0, min_width=190):
        kind = gr.Dropdown(list(FORMATS), value="PDF", label="Save as")
    with gr.Column(scale=0, min_width=170):
        page = gr.Dropdown(list(PAGES), value=next(iter(PAGES)), label="Venue")
    save = gr.Button("Save", scale=0, min_width=100)
    file = gr.DownloadButton("file", elem_id=f"file-{name}", visible="hidden")

    def write_file(kind: str, page: str, *values: Any) -> str:
        try:
            return str(written(make(*values), name, kind, page))
        except (ValueError, ImportError) as error:
            raise gr.Error(str(error)) from error

    saved = save.click(write_file, [kind, page, *inputs], file, api_visibility="private")
    saved.success(None, js=FETCH.format(f"file-{name}"))


def written(taken: Taken | Recipe, name: str, kind: str, page: str) -> Path:
    """The file in a folder of its own, as `gemma2-workbench figure`, `table`, `mask` or `why` would write it.

    Raises:
        ValueError: the view cannot be drawn so.
        ImportError: Parquet is asked for and pyarrow is not installed.
    """
    recipe = taken if isinstance(taken, Recipe) else _recipe(taken)
    form, (venue, width) = _KNOWN[kind], PAGES[page]
    if kind == EVERYTHING and not recipe.drawable:
        form = FORMATS["LaTeX table"]
    output = Output("figure", form.ending, venue, width) if form.what == "figure" else Output("table", form.ending)
    ending = "zip" if kind == EVERYTHING else form.ending
    path = _own_folder() / f"{name}.{ending}"
    if kind == EVERYTHING:
        write(path, archived(recipe, output, name))
    else:
        write(path, produced(recipe, output, path.name).data)
    return path


def _recipe(taken: Taken) -> Recipe:
    return ViewRecipe.of(taken.view, [Run(taken.trace, token=taken.token)], taken.options)


def _own_folder() -> Path:
    """A new folder that goes away with the server; in gradio's own, if that does too, or gradio would copy the file."""
    kept = os.environ.get("GRADIO_TEMP_DIR")
    return Path(tempfile.mkdtemp(dir=kept)) if kept else scratch.folder("save")
