"""`POST workbench/file`: what the page shows as a file with its record; `preview`: the same as a picture first."""

import base64
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, JsonValue
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gemma2_workbench import scratch
from gemma2_workbench.apps.page.questions import FAILURES, Handler, Question, Tell, checked, sentence_of
from gemma2_workbench.apps.page.save.savable import Savables, output_of
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.figures import paper
from gemma2_workbench.figures.spec import Panel, Panels
from gemma2_workbench.latex import inclusion
from gemma2_workbench.records.anonymous import Provenance
from gemma2_workbench.records.archive import archived
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.traces.file import save_trace

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SCREEN_DPI = 192  # two pixels of a screen for each of CSS, of which an inch has 96
Format = Literal["pdf", "svg", "png", "html", "csv", "parquet", "tex", "text", "npz", "safetensors", "zip"]
Width = Literal["single", "text", "double"] | Annotated[float, Field(gt=0, le=40)]  # or inches
Name = Field(pattern=r"^[^/\\\x00-\x1f]{1,120}$")


class File(Question):
    """What is shown, as `Savable`, and the file that is wanted; "text" is a coloured text as LaTeX source."""

    shown: dict[str, JsonValue]
    format: Format
    name: str = Name
    venue: str | None = None
    width: Width = "single"
    record: Provenance = "full"
    dark: bool = False


class TraceFile(Question):
    """A run, which is saved with all that was read of it."""

    run: str
    name: str = Name


class Preview(Question):
    """What is shown, and how it is to look on paper."""

    shown: dict[str, JsonValue]
    venue: str | None = None
    width: Width = "single"


def settings() -> JsonValue:
    """What the dialog offers: the widths of venues in inches."""
    return {"venues": {venue: dict(widths) for venue, widths in paper.VENUES.items()}, "widths": dict(paper.WIDTHS)}


def file_route(session: Session, savables: Savables) -> Route:
    """The route that makes files."""

    async def make(request: Request) -> Response:
        if request.method != "POST":
            return Refusal(405, "what to save is posted here as JSON", {"Allow": "POST"}).response()
        try:
            asked = await request.json()
            if isinstance(asked, dict) and "run" in asked:
                work = partial(_trace, session, checked(TraceFile, asked, "saving the trace"))
            else:
                work = partial(_file, session, savables, checked(File, asked, "saving"))
            return await session.desk.do(work, request.is_disconnected)
        except (*FAILURES, ImportError) as error:
            return Refusal(400, str(error)).response()
        except Exception as error:  # whatever it was, the page says a sentence and goes on
            return Refusal(500, sentence_of(error)).response()

    return Route("/workbench/file", make, methods=METHODS)


def preview_handler(savables: Savables) -> Handler[Preview]:
    """Answers with the figure as a PNG, its width in pixels of CSS, its caption and the LaTeX around it."""

    def preview(session: Session, asked: Preview, _tell: Tell) -> JsonValue:
        recipe = savables.recipe(session, asked.shown)
        output = output_of("png", asked.venue, asked.width, dpi=SCREEN_DPI)
        made = produced(recipe, output, "figure.png", "none")
        figure = made.content
        if not isinstance(figure, Panel | Panels):
            raise ValueError("of this there is no picture, only a table")
        tall = paper.height(figure, output.width, venue=output.venue)
        caption = recipe.caption(figure, made.record)
        return {
            "png": base64.b64encode(made.data).decode(),
            "height": round(96 * tall),
            "caption": caption,
            "latex": inclusion("figure.pdf", caption, width=output.width, venue=output.venue),
            "fits": tall <= paper.tallest(output.venue),
        }

    return Handler("preview", Preview, preview)


def _file(session: Session, savables: Savables, asked: File) -> Response:
    recipe = savables.recipe(session, asked.shown)
    if asked.format == "zip":
        output = output_of("pdf" if recipe.drawable else "tex", asked.venue, asked.width)
        data = archived(recipe, output, asked.name, asked.record)
    else:
        output = output_of("tex" if asked.format == "text" else asked.format, asked.venue, asked.width, asked.dark)
        data = produced(recipe, output, f"{asked.name}.{output.format}", asked.record).data
    return Response(data, media_type="application/octet-stream", headers=_saved_as(f"{asked.name}.{asked.format}"))


def _trace(session: Session, asked: TraceFile) -> Response:
    trace = session.store.find(asked.run)
    if trace is None:
        raise ValueError("this run is no longer held by the server: run the text again")
    # Long traces are larger than what memory should hold twice.
    path = scratch.folder("trace") / "trace.safetensors"
    save_trace(trace, path)
    headers = _saved_as(f"{asked.name}.safetensors")
    return FileResponse(path, media_type="application/octet-stream", headers=headers, background=_removed(path))


def _removed(path: Path) -> BackgroundTask:
    return BackgroundTask(path.unlink, missing_ok=True)


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"}
