"""The tabs of the explorer, in order. A tab is a file with `build(shared)`; a view without one gets `view.build`."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from gemma2_workbench import VIEWS, view_named
from gemma2_workbench.apps.explorer.tabs import attention, classify, heads, lens, mask, softcap, view
from gemma2_workbench.apps.page.shared import Shared


class Tab(NamedTuple):
    """Short name (its part of the address), heading, and what fills it."""

    name: str
    title: str
    build: Callable[[Shared], None]


OWN: tuple[Tab, ...] = (
    Tab("attention", "Attention map", attention.build),
    Tab("heads", "Head view", heads.build),
    Tab("atlas", "Head atlas", partial(view.build, view=view_named("atlas"))),
    Tab("softcap", "Softcap", softcap.build),
    Tab("mask", "Mask lab", mask.build),
    Tab("lens", "Logit lens", lens.build),
    Tab("classify", "Classifier", classify.build),
)


def tabs() -> tuple[Tab, ...]:
    """Tabs of their own first, then one for every other view."""
    # The cell is inspected in the attention tab, the curve is in the softcap tab, contributions are in the lens tab,
    # and the head view shows what a text view of one query shows.
    names = {"cell", "softcap_curve", "contributions", "text", *(tab.name for tab in OWN)}
    others = (Tab(known.name, known.title, partial(view.build, view=known)) for known in VIEWS)
    return (*OWN, *(tab for tab in others if tab.name not in names))
