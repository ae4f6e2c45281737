"""How the page shows each stage of `traces.stages`: what it means, and the colour scale of its figure."""

import numpy as np

from gemma2_workbench.figures.spec import Scale
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.attention import scale_of

HELP = {
    "attn_logits": "How well query and key match, before the softcap and before the mask.",
    "attn_scores": "The raw logits bent smoothly so that none exceeds the cap c. Not masked yet.",
    "attn_masked": "The capped scores that are left once the mask hides what a query must not see.",
    "attn_probs": "The share of its attention that a query gives to each key. Every row sums to 1.",
    "contribution": "How much of the key's value this cell moves: a large weight on a short value moves little.",
}
# Quantities of which a cell that the mask hides has none: attention to it is 0.
AMOUNTS = ("attn_probs", "contribution")


def unit_scale(stage: str) -> Scale:
    """Kind, power and name of the stage's colour scale, as its figure has them, for values up to 1.

    The upper end is that of the stage (`Stage.high`), or the largest magnitude of what is shown.
    """
    return scale_of(stage, np.ones(1))


def named(stage: str) -> str:
    """The stage's label with a capital."""
    label = STAGES[stage].label
    return label[0].upper() + label[1:]
