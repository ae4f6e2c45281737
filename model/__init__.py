"""The instrumented Gemma 2: transformers' base classes and files, our own readable attention, named hook points."""

from model.attention import BLOCK_ROWS, set_block_rows
from model.caches import HybridCache
from model.config import Gemma2Config
from model.gemma2 import Gemma2Model
from model.heads import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
)
from model.hooks import HookPoint, Span, attached, points
from model.masks import Mask, Reason

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
