"""Reasons for a label: gradients, heads switched off, words removed, another mask; each says what it does not show."""

from workbench.classification.reasons.deletion import Deletion, deletions
from workbench.classification.reasons.gradients import Saliency, saliency
from workbench.classification.reasons.heads import HeadEffects, head_effects
from workbench.classification.reasons.masks import MaskCost, mask_cost
from workbench.classification.reasons.target import Target, target_of

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
