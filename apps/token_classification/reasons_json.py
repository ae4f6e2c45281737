"""Explanations as the page reads them. Words and tokens are those of the sentence, from 0; scores are log-odds."""

import math
from collections.abc import Callable
from typing import Any

import torch
from pydantic import JsonValue

from gemma2_workbench.classification.explanations import (
    Answer,
    Attention,
    Faithfulness,
    HeadEffects,
    LeaveOneOut,
    MaskCost,
    Saliency,
    Target,
    WordSwap,
)
from gemma2_workbench.classification.explanations.sums import word_sums
from gemma2_workbench.classification.words import Span, word_spans

MOST_HEADS = 3
Numbers = dict[str, JsonValue]


def reason_json(answer: Answer, kind: str) -> Numbers:
    """An answer that explains; `kind` is what the classifier labels, "token" or "sequence"."""
    explanation, target, score, probability = answer.explanation, answer.target, answer.score, answer.probability
    if explanation is None or target is None or score is None or probability is None:
        raise ValueError(f"{answer.request.show} are no explanation")
    text = target.reading.tokens.text
    words = tuple(word_spans(text)) if kind == "sequence" else target.reading.words
    return {
        "show": answer.request.show,
        "asked": target.text,
        "label": target.label,
        "against": target.against,
        "score": score,
        "probability": probability,
        # f is the logarithm of how many times as probable the label is.
        "against_probability": min(1.0, probability * math.exp(-score)),
        "sentence": explanation.sentence,
        **_NUMBERS[type(explanation)](explanation, words),
    }


def _leave_one_out(found: LeaveOneOut, _words: tuple[Span, ...]) -> Numbers:
    rows: list[JsonValue] = [
        {"word": row.word, "text": row.text, "effect": row.effect, "changed": row.changed}
        | {"label": row.label_after, "confidence": row.confidence_after}
        for row in found.rows
    ]
    alone = found.alone and [found.alone.label_after, found.alone.confidence_after]
    return {"rows": rows, "because": found.because, "alone": alone}


def _saliency(found: Saliency, _words: tuple[Span, ...]) -> Numbers:
    tokens = found.target.reading.tokens
    return {
        "by_word": found.by_word.tolist(),
        "tokens": [list(row) for row in zip(tokens.display, found.values.tolist(), strict=True)],
        "units": [list(row) for row in found.units],
        "method": found.method,
        "steps": found.steps,
    }


def _heads(found: HeadEffects, words: tuple[Span, ...]) -> Numbers:
    """A drawing aid beside the effects: each head's effect, spread over the words that its attention goes to."""
    looked_T = torch.einsum("ln,lnt->t", found.effects, found.weights)
    ranked: list[JsonValue] = [
        {"layer": row.layer, "head": row.head, "effect": row.effect, "looks_at": _word_of(found.target, key, words)}
        for row in found.ranked(MOST_HEADS, keys=1)
        for key, _ in row.keys
    ]
    return {
        "effects": found.effects.tolist(),
        "kinds": list(found.kinds),
        "ranked": ranked,
        "by_word": word_sums(looked_T, found.target.reading.tokens.spans, words).tolist(),
    }


def _word_of(target: Target, token: int, words: tuple[Span, ...]) -> JsonValue:
    """The word that a token belongs to, and whether it is asked about; no text where it belongs to none, as BOS."""
    start, stop = target.reading.tokens.spans[token]
    at = next((at for at, (first, end) in enumerate(words) if start < stop and first < stop and start < end), None)
    if at is None:
        return {"text": "", "own": False}
    return {"text": target.reading.tokens.text[slice(*words[at])], "own": at in target.words}


def _attention(found: Attention, words: tuple[Span, ...]) -> Numbers:
    weights_T = found.effects.weights[found.layer, found.head]
    by_word = word_sums(weights_T, found.effects.target.reading.tokens.spans, words)
    return {
        "layer": found.layer,
        "head": found.head,
        "effect": float(found.effects.effects[found.layer, found.head]),
        "by_word": by_word.tolist(),
        "first": float(weights_T[0]),
    }


def _faithfulness(found: Faithfulness, _words: tuple[Span, ...]) -> Numbers:
    rows: list[JsonValue] = [
        [row.percent, row.tokens, row.of, row.drop, row.random_mean, row.random_10, row.random_90] for row in found.rows
    ]
    return {"rows": rows}


def _swap(found: WordSwap, _words: tuple[Span, ...]) -> Numbers:
    rows: list[JsonValue] = [
        {"text": row.text, "label": row.label_after, "confidence": row.confidence_after, "changed": row.changed}
        for row in found.rows
    ]
    return {"rows": rows, "swapped": found.swapped}


def _masks(found: MaskCost, _words: tuple[Span, ...]) -> Numbers:
    """Of the words of the whole text: what the label loses under the other mask, and what it is there."""
    rows: list[JsonValue] = [
        [loss, row.causal if found.other == "causal" else row.bidirectional, row.differs]
        for loss, row in zip(found.losses, found.words, strict=True)
    ]
    return {"rows": rows, "other": found.other}


_NUMBERS: dict[type[Any], Callable[[Any, tuple[Span, ...]], Numbers]] = {
    LeaveOneOut: _leave_one_out,
    Saliency: _saliency,
    HeadEffects: _heads,
    Attention: _attention,
    Faithfulness: _faithfulness,
    WordSwap: _swap,
    MaskCost: _masks,
}
