"""Reasons as the page is told them: numbers, and one plain sentence about what they mean."""

import base64
from typing import Any

from gemma2_workbench.classification.explanations.head_ablation import HeadEffects
from gemma2_workbench.classification.explanations.leave_one_out import LeaveOneOut
from gemma2_workbench.classification.explanations.masks import MaskCost
from gemma2_workbench.classification.explanations.saliency import Saliency
from gemma2_workbench.classification.explanations.target import Target

MOST_HEADS = 10


def target_told(target: Target) -> dict[str, Any]:
    """The two classes by index, and the tokens where the label is read."""
    label, against = target.pairs[0]
    return {"label": label, "against": against, "read": list(target.positions)}


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
        "meaning": found.sentence,
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
        "sentence": f"{found.sentence} Press one to see where it looks.",
    }


def removals_told(found: LeaveOneOut) -> dict[str, Any]:
    """The label without each other word of the sentence."""
    return {
        "rows": [
            {"word": row.word, "text": row.text, "read": row.read, "effect": row.effect, "changed": row.changed}
            | {"tag": row.label_after, "confidence": row.confidence_after, "score": row.score_after}
            for row in found.rows
        ],
        "sentence": found.sentence,
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
        "sentence": found.sentence,
    }
