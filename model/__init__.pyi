"""What `gemma2_workbench.model` offers; each name is imported when it is first used."""

from .attention import set_block_rows
from .caches import HybridCache
from .config import Gemma2Config
from .equation import BLOCK_ROWS
from .gemma2 import Gemma2Model
from .heads import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
)
from .hooks import HookPoint, Span, attached, points
from .masks import Mask
from .reason import Reason
from .visualizer import AttentionMaskVisualizer

__all__ = [
    "BLOCK_ROWS",
    "AttentionMaskVisualizer",
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
