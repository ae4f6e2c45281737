"""The attention map of one head at one stage, to look around in."""

from gemma2_workbench.apps.explorer.components.attention.component import (
    attention_move,
    attention_value,
    attention_view,
)

__all__ = ["attention_move", "attention_value", "attention_view"]
