"""Reasons as the page is told them: numbers, and one plain sentence about what they mean."""

import base64
from typing import Any

from gemma2_workbench.classification.reasons.deletion import Deletion
from gemma2_workbench.classification.reasons.gradients import Saliency
from gemma2_workbench.classification.reasons.heads import HeadEffects
from gemma2_workbench.classification.reasons.masks import MaskCost
from gemma2_workbench.classification.reasons.target import Target
from gemma2_workbench.classification.reasons.words import head_words, removal_words, saliency_words

MOST_HEADS = 10


def target_told(target: Target) -> dict[str, Any]:
    """The two classes by index, and the tokens where the label is read."""
    label, against = target.pair
    return {"label": label, "against": against, "read": list(target.places)}


def saliency_told(found: Saliency) -> dict[str, Any]:
    """Values [T] of the tokens, the word that each belongs to (-1: none), and how complete they are."""
    owners = [
        next((at for at, (first, stop) in enumerate(found.words) if start < stop and end > first and start < end), -1)
        for start, end in found.target.reading.tokens.spans
    ]
    return {
        **target_told(found.target),
        "tokens": list(found.target.reading.tokens.display),
        "words": owners,
        "values": found.values.tolist(),
        "score": found.score,
        "baseline": found.baseline_score,
        "delta": found.delta,
        "steps": found.steps,
        "meaning": saliency_words(found),
    }


def heads_told(found: HeadEffects) -> dict[str, Any]:
    """Effects [L, N], weights [L, N, T] as base64 of little-endian float32, and the strongest heads."""
    tokens = found.target.reading.tokens.display
    ranked = found.ranked(MOST_HEADS)
    return {
        "effects": found.effects.tolist(),
        "weights": base64.b64encode(found.weights.numpy().astype("<f4").tobytes()).decode(),
        "kinds": list(found.kinds),
        "score": found.score,
        "ranked": [
            {
                "layer": row.layer,
                "head": row.head,
                "effect": row.effect,
                "keys": [{"position": at, "token": tokens[at], "weight": weight} for at, weight in row.keys],
            }
            for row in ranked
        ],
        "sentence": f"{head_words(found)} Press one to see where it looks.",
    }


def removals_told(rows: tuple[Deletion, ...], alone: Deletion | None) -> dict[str, Any]:
    """The label without each other word of the sentence."""
    # Those that the label needs have a line under them there.
    where = "" if alone is None else " (dashed in the text above)"
    return {
        "rows": [
            {"word": row.word, "text": row.text, "read": row.read, "effect": row.effect, "changed": row.changed}
            | {"tag": row.label_after, "confidence": row.confidence_after, "score": row.score_after}
            for row in rows
        ],
        "sentence": removal_words(rows, alone, where),
    }


def masks_told(found: MaskCost) -> dict[str, Any]:
    """The words whose label is another one under the other mask."""
    return {
        "rows": [
            {
                "sentence": row.sentence,
                "word": row.word,
                "text": row.text,
                "causal": {"tag": row.causal, "confidence": row.causal_confidence},
                "bidirectional": {"tag": row.bidirectional, "confidence": row.bidirectional_confidence},
            }
            for row in found.rows
        ],
        "sentence": _mask_words(found),
    }


def _mask_words(found: MaskCost) -> str:
    words, rows = len(found.words), len(found.rows)
    other = "causal" if found.trained == "bidirectional" else "bidirectional"
    how = {
        "causal": "each word is labelled without what follows it",
        "bidirectional": "each word also sees what follows it",
    }[other]
    changed = (
        "No label changes" if not rows else f"{rows} of {words} words {'gets' if rows == 1 else 'get'} another label"
    )
    return (
        f"{changed} under the {other} mask, where {how}. These weights were trained with the {found.trained} mask; a "
        f"model trained with the other one would have learned to make do."
    )
