"""Views as files that carry their record, from Python: what the commands `figure`, `table` and `compare` write."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.pair_recipe import PairRecipe
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.sweep_pair_recipe import SweepPairRecipe
from gemma2_workbench.records.sweep_recipe import SweepRecipe
from gemma2_workbench.records.view_recipe import ViewRecipe
from gemma2_workbench.sweeps.compare import SweepPair
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import pair_view_named, sweep_view_named, view_named

Saved = Trace | Sequence[Trace] | Pair | Sweep | SweepPair


def save_figure(
    view: str,
    shown: Saved,
    path: str | PathLike[str],
    *,
    venue: str | None = None,
    width: str | float = "single",
    dpi: int = 300,
    title: bool = False,
    dark: bool = False,
    columns: int | None = None,
    **options: object,
) -> Path:
    """Draw a view into a file with its record inside and, as JSON, beside it; `gemma2-workbench redraw` reads both.

    Args:
        view: name of one of `VIEWS`, of a pair one of `PAIR_VIEWS`, of a sweep one of `SWEEP_VIEWS`, of two that are
            compared one of `SWEEP_PAIR_VIEWS`.
        shown: a run, several, which become panels, a pair of runs, a sweep, or two of them.
        path: .pdf, .svg, .png or .html, in a folder that exists.
        venue, width, dpi, title, dark: see `workbench.export.export`.
        columns: panels in a row; default: as fits what changes fastest.
        options: of the view; a list of values gives a panel for each, for example `layer=[1, 5]`.

    Raises:
        ValueError: no such view, option, value, format, venue or width, or more than 26 panels.
        FileNotFoundError: the folder does not exist.
    """
    target = Path(path)
    output = Output.of("figure", target, venue=venue, width=width, dpi=dpi, title=title, dark=dark)
    return produced(_recipe(view, shown, options, columns), output, target.name).save(target)


def save_table(view: str, shown: Saved, path: str | PathLike[str], **options: object) -> Path:
    """Write the numbers of a view (.csv, .parquet, .tex; maps also .npz, .safetensors) and their record.

    Raises:
        ValueError, FileNotFoundError: as `save_figure`.
    """
    target = Path(path)
    output = Output.of("table", target)
    return produced(_recipe(view, shown, options), output, target.name).save(target)


def _recipe(view: str, shown: Saved, options: dict[str, object], columns: int | None = None) -> Recipe:
    if isinstance(shown, Pair):
        return PairRecipe.of(pair_view_named(view), [Run(shown.before), Run(shown.after)], options, columns)
    if isinstance(shown, SweepPair):
        return SweepPairRecipe.of(sweep_view_named(view, compared=True), [shown.before, shown.after], options, columns)
    if isinstance(shown, Sweep):
        return SweepRecipe.of(sweep_view_named(view), [shown], options, columns)
    traces = [shown] if isinstance(shown, Trace) else shown
    return ViewRecipe.of(view_named(view), [Run(trace) for trace in traces], options, columns)
