"""`gemma2-workbench sweep figure`, `sweep table` and `sweep compare`: what is seen in sweeps, with its record."""

import argparse
from pathlib import Path

from gemma2_workbench.apps.cli.output import OF_A_FIGURE, figure_output, output_of, refuse, save
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.apps.cli.view_options import given_options
from gemma2_workbench.records.artifact import Artifact, produced
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.sweep_pair_recipe import SweepPairRecipe
from gemma2_workbench.records.sweep_recipe import SweepRecipe
from gemma2_workbench.sweeps.compare import SweepPair
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.views import SWEEP_PAIR_VIEWS, SWEEP_VIEWS, sweep_view_named

_MOST = 10  # rows


def draw(options: argparse.Namespace) -> None:
    """Write the picture of the view, its record, and a LaTeX figure around it if asked."""
    save(_artifact(options, figure_output(options), options.columns), options.out, options.latex)


def tabulate(options: argparse.Namespace) -> None:
    """Write the numbers of the view and their record."""
    made = _artifact(options, Output.of("table", options.out))
    print(f"{made.save(options.out)}: {made.record['numbers']['rows']} rows")


def _artifact(options: argparse.Namespace, output: Output, columns: int | None = None) -> Artifact:
    view = sweep_view_named(options.view)
    sweeps = [Sweep.load(folder) for folder in options.folder]
    recipe = SweepRecipe.of(view, sweeps, given_options(options, SWEEP_VIEWS), columns)
    return produced(recipe, output, options.out.name, options.record or "full")


def compared(options: argparse.Namespace) -> None:
    """Print the surest changes, or write a figure or the numbers of all heads."""
    given = given_options(options, SWEEP_PAIR_VIEWS)
    if options.out is None:
        refuse(options, (*OF_A_FIGURE, "record"), "is of a file; give --out as well")
        print(_printed(SweepPair(*_both(options.before, options.after)), given))
        return
    output = output_of(options, "a comparison is")
    recipe = SweepPairRecipe.of(SWEEP_PAIR_VIEWS[0], _both(options.before, options.after), given, options.columns)
    save(produced(recipe, output, options.out.name, options.record or "full"), options.out, options.latex)


def _both(before: Path, after: Path) -> tuple[Sweep, Sweep]:
    return Sweep.load(before), Sweep.load(after)


def _printed(pair: SweepPair, given: dict[str, list[str]]) -> str:
    """What is compared, and the surest changes of each statistic that was asked for."""
    view = SWEEP_PAIR_VIEWS[0]
    lines = [pair.before.sentence, pair.after.sentence]
    columns = ["name", "kind", "statistic", "before", "after", "change", "low", "high"]
    for statistic in given.get("statistic", ["all"]):
        frame = view.table(pair, statistic=statistic)
        more = [f"({len(frame) - _MOST} more: --out FILE.csv)"] if len(frame) > _MOST else []
        lines += [rows_text(frame.head(_MOST).reindex(columns=columns)), *more]
    return "\n".join(lines)
