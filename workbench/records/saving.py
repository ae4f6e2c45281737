"""Views as files that carry their record, from Python: what the commands `figure` and `table` write."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from gemma2_workbench.records.drawing import Drawing
from gemma2_workbench.records.look import Look
from gemma2_workbench.records.product import produced
from gemma2_workbench.records.run import Run
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import view_named


def save_figure(
    view: str,
    traces: Trace | Sequence[Trace],
    path: str | PathLike[str],
    *,
    venue: str | None = None,
    width: str | float = "single",
    dpi: int = 300,
    title: bool = False,
    dark: bool = False,
    columns: int | None = None,
    **options: Any,
) -> Path:
    """Draw a view into a file with its record inside and, as JSON, beside it; `gemma2-workbench redraw` reads both.

    Args:
        view: name of one of `VIEWS`.
        traces: a run, or several, which become panels.
        path: .pdf, .svg, .png or .html, in a folder that exists.
        venue, width, dpi, title, dark: see `workbench.export.export`.
        columns: panels in a row; default: as fits what changes fastest.
        options: of the view; a list of values gives a panel for each, for example `layer=[1, 5]`.

    Raises:
        ValueError: no such view, option, value, format, venue or width, or more than 26 panels.
        FileNotFoundError: the folder does not exist.
    """
    target = Path(path)
    look = Look.of("figure", target, venue=venue, width=width, dpi=dpi, title=title, dark=dark)
    return _saved(view, traces, target, look, options, columns)


def save_table(view: str, traces: Trace | Sequence[Trace], path: str | PathLike[str], **options: Any) -> Path:
    """Write the numbers of a view (.csv, .parquet, .tex; maps also .npz, .safetensors) and their record.

    Raises:
        ValueError, FileNotFoundError: as `save_figure`.
    """
    target = Path(path)
    return _saved(view, traces, target, Look.of("table", target), options)


def _saved(
    view: str,
    traces: Trace | Sequence[Trace],
    target: Path,
    look: Look,
    options: dict[str, Any],
    columns: int | None = None,
) -> Path:
    given = [traces] if isinstance(traces, Trace) else list(traces)
    drawing = Drawing.of(view_named(view), given, options, columns)
    return produced(drawing, look, [Run(trace) for trace in given], target.name).save(target)
