"""What `gemma2_workbench.model` offers; each name is imported when it is first used."""

from .attention import set_block_rows
from .caches import HybridCache
from .config import Gemma2Config
from .equation import BLOCK_ROWS
from .gemma2 import Gemma2Model
from .google.convert import convert_google_checkpoint
from .heads import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
)
from .hooks import HookPoint, Span, attached, points
from .masks import Mask
from .reason import Reason
from .registration import Registration, register, unregister
from .visualizer import AttentionMaskVisualizer
from .weights import WeightsError

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
    "Registration",
    "Span",
    "WeightsError",
    "attached",
    "convert_google_checkpoint",
    "points",
    "register",
    "set_block_rows",
    "unregister",
]
