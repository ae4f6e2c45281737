"""The instrumented Gemma 2: transformers' base classes and files, our own readable attention, named hook points."""

from gemma2_workbench.model.attention import set_block_rows
from gemma2_workbench.model.caches import HybridCache
from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.equation import BLOCK_ROWS
from gemma2_workbench.model.gemma2 import Gemma2Model
from gemma2_workbench.model.heads import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
)
from gemma2_workbench.model.hooks import HookPoint, Span, attached, points
from gemma2_workbench.model.masks import Mask, Reason

__all__ = [
    "BLOCK_ROWS",
    "Gemma2Config",
    "Gemma2ForCausalLM",
    "Gemma2ForSequenceClassification",
    "Gemma2ForTokenClassification",
    "Gemma2Model",
    "HookPoint",
    "HybridCache",
    "Mask",
    "Reason",
    "Span",
    "attached",
    "points",
    "set_block_rows",
]
