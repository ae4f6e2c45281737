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
from gemma2_workbench.views.view import Option, View

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

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
    return _found(VIEWS, name)


def pair_view_named(name: str) -> View:
    """The view of pairs called `name`.

    Raises:
        ValueError: there is none; the message lists them.
    """
    return _found(PAIR_VIEWS, name)


def _found(views: tuple[View, ...], name: str) -> View:
    for view in views:
        if view.name == name:
            return view
    of = " of a pair" if views is PAIR_VIEWS else ""
    raise ValueError(f"there is no view{of} {name!r}; the views{of} are {', '.join(view.name for view in views)}")


def table(subject: Trace | Pair, view: str, **options: object) -> pd.DataFrame:
    """The table behind a view, for example `table(trace, "atlas")` or `table(compare(a, b), "difference")`.

    Raises:
        ValueError: no such view or option.
    """
    found = pair_view_named(view) if isinstance(subject, Pair) else view_named(view)
    return found.table(subject, **options)


__all__ = ["PAIR_VIEWS", "VIEWS", "Option", "View", "pair_view_named", "table", "view_named"]
