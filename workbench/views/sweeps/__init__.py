"""The views of a sweep, and of two compared. Adding one: a file with `table`, `figure` and `VIEW`, and a line here."""

from gemma2_workbench.views.sweeps import atlas, changes, examples, head, ranked, scatter
from gemma2_workbench.views.view import View

SWEEP_VIEWS: tuple[View, ...] = (atlas.VIEW, ranked.VIEW, scatter.VIEW, head.VIEW, examples.VIEW)
SWEEP_PAIR_VIEWS: tuple[View, ...] = (changes.VIEW,)
