"""What Explore saves: views of runs, of two runs compared and of sweeps, masks of a situation, and patched runs."""

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.lenses import Lenses
from gemma2_workbench.apps.explorer.mask_lab import ShownMasks, mask_recipe
from gemma2_workbench.apps.explorer.patching import Patching, patch_recipe
from gemma2_workbench.apps.explorer.sweeps.fitting import sweep_named
from gemma2_workbench.apps.page.questions import Question
from gemma2_workbench.apps.page.save.savable import Savable
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.records.pair_recipe import PairRecipe
from gemma2_workbench.records.run import FOLLOWS, Run
from gemma2_workbench.records.sweep_recipe import SweepRecipe
from gemma2_workbench.records.view_recipe import ViewRecipe
from gemma2_workbench.views import pair_view_named, sweep_view_named, view_named

LOST = "this run is no longer held by the server: run the text again"


class OfView(Question):
    """A view of one or several runs with its options; a list of values gives a panel for each. `token` is of a lens."""

    view: str
    runs: list[str]
    options: dict[str, JsonValue] = {}
    token: str | None = None


class OfPair(Question):
    """A view of two runs, before and after, with its options; `token` is of a lens."""

    view: str
    before: str
    after: str
    options: dict[str, JsonValue] = {}
    token: str | None = None


class OfSweep(Question):
    """A view of a sweep with its options."""

    view: str
    sweep: str
    options: dict[str, JsonValue] = {}


def _view(session: Session, shown: OfView) -> ViewRecipe:
    view = view_named(shown.view)
    runs = _runs(session, shown.runs, view.needs, shown.token)
    return ViewRecipe.of(view, runs, shown.options)


def _pair(session: Session, shown: OfPair) -> PairRecipe:
    view = pair_view_named(shown.view)
    runs = _runs(session, [shown.before, shown.after], view.needs, shown.token)
    return PairRecipe.of(view, runs, shown.options)


def _sweep(session: Session, shown: OfSweep) -> SweepRecipe:
    return SweepRecipe.of(sweep_view_named(shown.view), [sweep_named(session, shown.sweep)], shown.options)


def _runs(session: Session, ids: Sequence[str], needs: Sequence[str], token: str | None) -> list[Run]:
    """The runs, with their lens where a view needs it."""
    needs_lens = not set(FOLLOWS).isdisjoint(needs)
    traces = [Lenses(session).read(run, token) if needs_lens else held(session, run) for run in ids]
    return [Run(trace, token=token) for trace in traces]


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
    Savable("sweep", OfSweep, _sweep),
    Savable("mask", ShownMasks, mask_recipe),
    Savable("patch", Patching, patch_recipe),
)
