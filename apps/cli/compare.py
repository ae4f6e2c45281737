"""`gemma2-workbench compare`: what a change does, printed in a few lines, or as a figure or its numbers with a record.

The change is one of the model (the flags of a modified model), of the text (a second one), or of the weights.
"""

import argparse

from gemma2_workbench.apps.cli.changes import changes_of
from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.apps.cli.output import OF_A_FIGURE, output_of, refuse, save
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.apps.cli.trace import announced
from gemma2_workbench.apps.cli.view_options import given_options
from gemma2_workbench.models.loading import load
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.pair_recipe import PairRecipe
from gemma2_workbench.records.run import Run
from gemma2_workbench.traces.pair import Pair, compare
from gemma2_workbench.views import PAIR_VIEWS, pair_view_named, table

_PREDICTED = pair_view_named("next_token")


def run(options: argparse.Namespace) -> None:
    """Run both, and print or write what differs.

    Raises:
        ValueError: nothing is changed, or flags that mean nothing here.
    """
    if options.text2 is None and options.model2 is None and not changes_of(options):
        raise ValueError(
            "nothing is changed, so there is nothing to compare; give a change of the model such as --ablate 1.2, a "
            "second text, or --model2"
        )
    if options.out is not None:
        _write(options)
        return
    names = [option.name for view in PAIR_VIEWS for option in view.options]
    refuse(options, (*OF_A_FIGURE, "view", "token", *names), "is of a file; give --out as well")
    before, after = _runs(options, _PREDICTED.needs)
    print(_printed(compare(before.trace, after.trace)))


def _write(options: argparse.Namespace) -> None:
    """The figure or the table, with its record."""
    output = output_of(options, "a comparison is")
    view = pair_view_named(options.view or PAIR_VIEWS[0].name)
    if options.token is not None and "lens" not in view.needs:
        raise ValueError(f"--token is what a lens follows, and the view {view.name} shows none; leave it out")
    given = given_options(options, PAIR_VIEWS)
    recipe = PairRecipe.of(view, _runs(options, view.needs), given, options.columns)
    save(produced(recipe, output, options.out.name, options.record or "full"), options.out, options.latex)


def _runs(options: argparse.Namespace, read: tuple[str, ...]) -> tuple[Run, Run]:
    """Before and after the change."""
    changes = changes_of(options)
    text = given_text(options.text)
    text2 = text if options.text2 is None else given_text(options.text2)
    first = loaded_model(options)
    second = first
    if options.model2 is not None:
        second = load(options.model2, dtype=options.dtype, device=options.device, quantize=options.quantize)
    before = announced(first, text, (), read, options.token)
    return before, announced(second, text2, changes, read, options.token)


def _printed(pair: Pair) -> str:
    """What was changed, proof that it did something, and what becomes of the prediction."""
    effects = zip(pair.after.changes, pair.after.effects, strict=True)
    lines = [pair.sentence, *(f"{change}: {effect.sentence}" for change, effect in effects)]
    frame = table(pair, _PREDICTED.name)
    lines.append(f"next token: KL(before || after) {pair.divergence:.3g} nats")
    rows = frame.rename(columns={"p_before": "before", "p_after": "after"})
    return "\n".join([*lines, rows_text(rows.reindex(columns=["token", "before", "after"]))])
