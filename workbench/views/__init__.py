"""The views, in the order of the tabs. Adding one: a module with `table`, `figure` and `VIEW`, and a line here."""

from typing import Any

import pandas as pd

from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import (
    atlas,
    attention,
    cell,
    contributions,
    head_view,
    lens,
    mask,
    softcap,
    softcap_curve,
    text,
)
from gemma2_workbench.views.view import Option, View

VIEWS: tuple[View, ...] = (
    attention.VIEW,
    cell.VIEW,
    head_view.VIEW,
    atlas.VIEW,
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
    for view in VIEWS:
        if view.name == name:
            return view
    raise ValueError(f"there is no view {name!r}; the views are {', '.join(view.name for view in VIEWS)}")


def table(trace: Trace, view: str, **options: Any) -> pd.DataFrame:
    """The table behind a view, for example `table(trace, "atlas")`; the options are those of the view.

    Raises:
        ValueError: no such view or option.
    """
    return view_named(view).table(trace, **options)


__all__ = ["VIEWS", "Option", "View", "table", "view_named"]
