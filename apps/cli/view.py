"""`gemma2-workbench figure` and `table`: a view of texts or of traces, as a picture or as its numbers.

`--layer`, `--head` and the other options of a view take several values, and there may be several texts or traces:
every combination is a panel, in the order of the options and with the texts the fastest.
"""

import argparse

from gemma2_workbench.apps.cli.changes import changes_of
from gemma2_workbench.apps.cli.output import figure_output, save
from gemma2_workbench.apps.cli.trace import runs_of
from gemma2_workbench.apps.cli.view_options import given_options
from gemma2_workbench.maps import Maps
from gemma2_workbench.records.artifact import Artifact, produced
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.run import Run, opened
from gemma2_workbench.records.view_recipe import ViewRecipe
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, STRIP_SUFFIX
from gemma2_workbench.views import VIEWS, View, text, view_named


def draw(options: argparse.Namespace) -> None:
    """Write the picture of the view, its record, and a LaTeX figure around it if asked."""
    if options.out.suffix.lower() == STRIP_SUFFIX and options.view != text.VIEW.name:
        raise ValueError(
            f"the view {options.view} is drawn as {', '.join(FIGURE_SUFFIXES)}; {STRIP_SUFFIX} is of the view "
            f"{text.VIEW.name}, whose tokens LaTeX colours itself. --latex writes the lines that include a .pdf or "
            f".png, and `table {options.view}` writes the numbers as {STRIP_SUFFIX}"
        )
    save(_artifact(options, figure_output(options), options.columns), options.out, options.latex)


def tabulate(options: argparse.Namespace) -> None:
    """Write the numbers of the view and their record."""
    made = _artifact(options, Output.of("table", options.out))
    rows = f"{made.record['numbers']['rows']} rows"
    print(f"{made.save(options.out)}: {made.content.sentence if isinstance(made.content, Maps) else rows}")


def _artifact(options: argparse.Namespace, output: Output, columns: int | None = None) -> Artifact:
    """What was asked for, before it is written."""
    view = view_named(options.view)
    runs = _runs(options, view)
    recipe = ViewRecipe.of(view, runs, given_options(options, VIEWS), columns)
    return produced(recipe, output, options.out.name, options.record or "full")


def _runs(options: argparse.Namespace, view: View) -> list[Run]:
    """The traces that were given, or the runs of the texts."""
    if options.text is not None:
        return runs_of(options, options.text, view.needs, options.token)
    if changes_of(options) or options.token is not None:
        raise ValueError("a trace is what it is: the model is changed, and a token followed, where a --text is run")
    return [opened(path) for path in options.trace]
