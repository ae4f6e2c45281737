"""Explanations of a label: gradients, heads switched off, words left out or swapped, another mask.

Each is one file with what it computes, its table, its picture and its sentence; each says what it does not show.
"""

from gemma2_workbench.classification.explanations.answer import Answer, answered
from gemma2_workbench.classification.explanations.attention import Attention
from gemma2_workbench.classification.explanations.entity_target import entity_target
from gemma2_workbench.classification.explanations.explanation import Explanation, explanation_named
from gemma2_workbench.classification.explanations.faithfulness import Faithfulness, faithfulness
from gemma2_workbench.classification.explanations.head_ablation import HeadEffects, head_effects
from gemma2_workbench.classification.explanations.leave_one_out import LeaveOneOut, leave_one_out
from gemma2_workbench.classification.explanations.masks import MaskCost, mask_cost
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.saliency import Saliency, saliency
from gemma2_workbench.classification.explanations.swap import WordSwap, swap
from gemma2_workbench.classification.explanations.target import Target, target_of

__all__ = [
    "Answer",
    "Attention",
    "Explanation",
    "Faithfulness",
    "HeadEffects",
    "LeaveOneOut",
    "MaskCost",
    "Request",
    "Saliency",
    "Target",
    "WordSwap",
    "answered",
    "entity_target",
    "explanation_named",
    "faithfulness",
    "head_effects",
    "leave_one_out",
    "mask_cost",
    "saliency",
    "swap",
    "target_of",
]
