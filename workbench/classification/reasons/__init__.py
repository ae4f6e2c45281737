"""Reasons for a label: gradients, heads switched off, words removed, another mask; each says what it does not show."""

from gemma2_workbench.classification.reasons.deletion import Deletion, deletions
from gemma2_workbench.classification.reasons.gradients import Saliency, saliency
from gemma2_workbench.classification.reasons.heads import HeadEffects, head_effects
from gemma2_workbench.classification.reasons.masks import MaskCost, mask_cost
from gemma2_workbench.classification.reasons.target import Target, target_of

__all__ = [
    "Deletion",
    "HeadEffects",
    "MaskCost",
    "Saliency",
    "Target",
    "deletions",
    "head_effects",
    "mask_cost",
    "saliency",
    "target_of",
]
