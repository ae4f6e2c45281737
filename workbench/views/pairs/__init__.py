"""The views of a pair of runs. Adding one: a module with `table`, `figure` and `VIEW`, and a line here."""

from gemma2_workbench.views.pairs import difference, head_scores, lens_change, next_token
from gemma2_workbench.views.view import View

PAIR_VIEWS: tuple[View, ...] = (difference.VIEW, next_token.VIEW, head_scores.VIEW, lens_change.VIEW)
