"""The reasons as tidy tables: a row per token, head, removed word or word under both masks, the question beside it.

Positions, words, layers and heads count from 0; effects and values are in logits.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gemma2_workbench.classification.reasons.deletion import Deletion
from gemma2_workbench.classification.reasons.gradients import Saliency
from gemma2_workbench.classification.reasons.heads import HeadEffects
from gemma2_workbench.classification.reasons.masks import MaskCost
from gemma2_workbench.classification.reasons.target import Target

_QUESTION = ("asked", "label", "against")
SALIENCY = ("per", "at", "text", "value", "method", *_QUESTION, "score", "baseline_score", "delta")
HEADS = ("layer", "kind", "head", "kv_head", "effect", "top_key", "top_token", "top_weight", *_QUESTION, "score")
ATTENTION = ("layer", "kind", "head", "key", "token", "weight", *_QUESTION)
DELETIONS = (
    *("removed", "text", "read", "label_before", "label_after", "changed"),
    *("score_before", "score_after", "effect", "confidence_after", *_QUESTION),
)
MASKS = (
    *("sentence", "word", "text", "causal", "causal_confidence", "bidirectional", "bidirectional_confidence"),
    *("differs", "trained"),
)


def saliency_table(saliency: Saliency, per: str = "token") -> pd.DataFrame:
    """One row per token, or per word with `per="word"`.

    `baseline_score` and `delta` are empty for gradient x input.

    Raises:
        ValueError: `per` is neither.
    """
    if per not in ("token", "word"):
        raise ValueError(f"per={per!r} is not allowed; choose token or word")
    tokens = saliency.target.reading.tokens
    texts = [tokens.text[start:end] for start, end in saliency.words] if per == "word" else list(tokens.display)
    values = saliency.by_word if per == "word" else saliency.values
    frame = pd.DataFrame({"at": range(len(texts)), "text": texts, "value": values.tolist()})
    return _with(
        frame,
        SALIENCY,
        saliency.target,
        per=per,
        method=saliency.method,
        score=saliency.score,
        baseline_score=float("nan") if saliency.baseline_score is None else saliency.baseline_score,
        delta=float("nan") if saliency.delta is None else saliency.delta,
    )


def head_table(effects: HeadEffects) -> pd.DataFrame:
    """One row per head, the largest effect first, with the key that the deciding token looks at most."""
    tokens = effects.target.reading.tokens.display
    ranked = effects.ranked(effects.effects.numel(), keys=1)
    shared = effects.effects.shape[1] // effects.kv_heads
    rows = [
        (row.layer, effects.kinds[row.layer], row.head, row.head // shared, row.effect, key, tokens[key], weight)
        for row in ranked
        for key, weight in row.keys
    ]
    return _with(pd.DataFrame(rows, columns=list(HEADS[:8])), HEADS, effects.target, score=effects.score)


def attention_table(effects: HeadEffects, layer: int, head: int) -> pd.DataFrame:
    """One row per key: the attention that the deciding token pays in one head.

    Raises:
        ValueError: no such layer or head.
    """
    for name, given, count in zip(("layer", "head"), (layer, head), effects.effects.shape, strict=True):
        if not 0 <= given < count:
            raise ValueError(f"{name} {given} does not exist; allowed: 0..{count - 1}")
    tokens = effects.target.reading.tokens.display
    frame = pd.DataFrame({"key": range(len(tokens)), "token": tokens, "weight": effects.weights[layer, head].tolist()})
    return _with(frame, ATTENTION, effects.target, layer=layer, kind=effects.kinds[layer], head=head)


def deletion_table(target: Target, rows: Sequence[Deletion]) -> pd.DataFrame:
    """One row per removed word, in the order given; `removed` is empty for the word alone."""
    columns = [name for name in DELETIONS if name not in (*_QUESTION, "removed")]
    frame = pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=columns)
    return _with(frame, DELETIONS, target, removed=pd.array([row.word for row in rows], dtype="Int64"))


def mask_table(cost: MaskCost) -> pd.DataFrame:
    """One row per word of the text."""
    frame = pd.DataFrame([[getattr(row, name) for name in MASKS[:-1]] for row in cost.words], columns=list(MASKS[:-1]))
    return frame.assign(trained=cost.trained)


def _with(frame: pd.DataFrame, columns: tuple[str, ...], target: Target, **more: Any) -> pd.DataFrame:
    frame = frame.assign(asked=target.text, label=target.label, against=target.against, **more)
    return frame.reindex(columns=list(columns))
