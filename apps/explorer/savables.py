"""What Explore saves: views of runs, views of two runs compared, and masks of a situation."""

from typing import Any

from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.lenses import Lenses
from gemma2_workbench.apps.explorer.mask_lab import ShownMasks, mask_recipe
from gemma2_workbench.apps.page.questions import Question
from gemma2_workbench.apps.page.save.savable import Savable
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.records.pair_recipe import PairRecipe
from gemma2_workbench.records.run import FOLLOWS, Run
from gemma2_workbench.records.view_recipe import ViewRecipe
from gemma2_workbench.views import pair_view_named, view_named

LOST = "this run is no longer held by the server: run the text again"


class OfView(Question):
    """A view of one or several runs with its options; a list of values gives a panel for each. `token` is of a lens."""

    view: str
    runs: list[str]
    options: dict[str, JsonValue] = {}
    token: str | None = None


class OfPair(Question):
    """A view of two runs, before and after, with its options."""

    view: str
    before: str
    after: str
    options: dict[str, JsonValue] = {}


def _view(session: Session, shown: OfView) -> ViewRecipe:
    view = view_named(shown.view)
    needs_lens = not set(FOLLOWS).isdisjoint(view.needs)
    traces = [_with_lens(session, run, shown.token) if needs_lens else held(session, run) for run in shown.runs]
    return ViewRecipe.of(view, [Run(trace, token=shown.token) for trace in traces], shown.options)


def _with_lens(session: Session, run: str, token: str | None) -> Trace:
    held(session, run)
    return Lenses(session).read(run, token)


def _pair(session: Session, shown: OfPair) -> PairRecipe:
    runs = [Run(held(session, run)) for run in (shown.before, shown.after)]
    return PairRecipe.of(pair_view_named(shown.view), runs, shown.options)


def held(session: Session, run: str) -> Trace:
    """The trace of a run.

    Raises:
        ValueError: the server no longer holds it.
    """
    trace = session.store.find(run)
    if trace is None:
        raise ValueError(LOST)
    return trace


SAVABLES: tuple[Savable[Any], ...] = (
    Savable("view", OfView, _view),
    Savable("pair", OfPair, _pair),
    Savable("mask", ShownMasks, mask_recipe),
)
