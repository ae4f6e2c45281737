"""Tiers: what can be shown of a model, in words; commands, the page, traces and captions take them from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemma2_workbench.models.parity.statement import Parity

STAGED, MAPS_ONLY = "all stages", "maps only"


def tier_words(maps_only: str = "", parity: Parity | None = None) -> str:
    """What can be shown of a model, for example `all stages, equal to transformers 5.23.0 eager llama`.

    Args:
        maps_only: why its probabilities alone can be shown; empty where all stages can.
        parity: how far it is from its reference; None where that is not known yet.
    """
    if maps_only:
        return f"{MAPS_ONLY}: {maps_only}"
    return f"{STAGED}, {'exact' if parity is None else parity.verdict}"
