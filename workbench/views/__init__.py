"""The views, in the order of the tabs. Adding one: a module with `table`, `figure` and `VIEW`, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.views import (
    atlas,
    attention,
    cell,
    contributions,
    head_view,
    lens,
    mask,
    ranked,
    rollout,
    softcap,
    softcap_curve,
    text,
)
from gemma2_workbench.views.pairs import PAIR_VIEWS
from gemma2_workbench.views.sweeps import SWEEP_PAIR_VIEWS, SWEEP_VIEWS
from gemma2_workbench.views.view import Option, OverTexts, Subject, View

if TYPE_CHECKING:
    import pandas as pd

VIEWS: tuple[View, ...] = (
    attention.VIEW,
    cell.VIEW,
    head_view.VIEW,
    rollout.VIEW,
    atlas.VIEW,
    ranked.VIEW,
    softcap.VIEW,
    softcap_curve.VIEW,
    mask.VIEW,
    lens.VIEW,
    contributions.VIEW,
    text.VIEW,
)


def view_named(name: str) -> View:
    """The view called `name`.

    Raises:
        ValueError: there is none; the message lists them.
    """
    return _found(VIEWS, name, "")


def pair_view_named(name: str) -> View:
    """The view of pairs called `name`.

    Raises:
        ValueError: there is none; the message lists them.
    """
    return _found(PAIR_VIEWS, name, " of a pair")


def sweep_view_named(name: str, compared: bool = False) -> View:
    """The view of a sweep, or of two that are compared, called `name`.

    Raises:
        ValueError: there is none; the message lists them.
    """
    return _found(SWEEP_PAIR_VIEWS, name, " of two sweeps") if compared else _found(SWEEP_VIEWS, name, " of a sweep")


def view_of(subject: Subject, name: str) -> View:
    """The view called `name` of what is to be seen.

    Raises:
        ValueError: there is none of such a subject; the message lists them.
    """
    if isinstance(subject, OverTexts):
        from gemma2_workbench.sweeps.compare import SweepPair

        return sweep_view_named(name, compared=isinstance(subject, SweepPair))
    return pair_view_named(name) if isinstance(subject, Pair) else view_named(name)


def _found(views: tuple[View, ...], name: str, of: str) -> View:
    for view in views:
        if view.name == name:
            return view
    raise ValueError(f"there is no view{of} {name!r}; the views{of} are {', '.join(view.name for view in views)}")


def table(subject: Subject, view: str, **options: object) -> pd.DataFrame:
    """The table behind a view, for example `table(trace, "atlas")` or `table(compare(a, b), "difference")`.

    Of a sweep: `table(sweep, "ranked", by="induction")`.

    Raises:
        ValueError: no such view or option.
    """
    return view_of(subject, view).table(subject, **options)


__all__ = [
    "PAIR_VIEWS",
    "SWEEP_PAIR_VIEWS",
    "SWEEP_VIEWS",
    "VIEWS",
    "Option",
    "Subject",
    "View",
    "pair_view_named",
    "sweep_view_named",
    "table",
    "view_named",
    "view_of",
]
