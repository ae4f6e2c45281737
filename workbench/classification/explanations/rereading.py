"""A sentence read again with other words: what the model then says of the words that are asked about."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from gemma2_workbench.classification.chunks import Chunk
from gemma2_workbench.classification.explanations.scoring import word_logits
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.logits import class_logits
from gemma2_workbench.classification.reading import encoded_chunks
from gemma2_workbench.classification.words import Span
from gemma2_workbench.models.classifier import Classifier


@dataclass(frozen=True)
class Variant:
    """A sentence that is read instead.

    Attributes:
        text: its characters.
        words: character offsets of its words; of a sequence classifier the one that is all of it.
        asked: which of them are asked about.
    """

    text: str
    words: tuple[Span, ...]
    asked: range


def reread(loaded: Classifier, target: Target, variants: Sequence[Variant]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The class scores of the words that are asked about, [W, C]: in the sentence as it is, and in each variant.

    Raises:
        ValueError: a variant has more tokens than the model takes.
    """
    reading, longest = target.reading, loaded.shape.longest
    chunks = [Chunk(variant.text, list(variant.words), 0) for variant in variants]
    encoded = encoded_chunks(loaded, chunks, reading.label_token)
    long = next((len(row.ids) for row in encoded if len(row.ids) > longest), None)
    if long is not None:
        raise ValueError(f"with the other word the sentence has {long} tokens, {loaded.name} takes at most {longest}")
    with loaded.lock:
        intact_TC, *logits = class_logits(
            loaded.token_scores, [reading.encoded, *encoded], loaded.tokenizer.pad_token_id
        )
    found = tuple(
        at_words(logits_TC, row.read[variant.asked.start : variant.asked.stop])
        for variant, row, logits_TC in zip(variants, encoded, logits, strict=True)
    )
    return word_logits(target, intact_TC), found


def moved(span: Span, gap: Span, filled: int = 0) -> Span:
    """Where a word lies once the characters of `gap` have given way to `filled` others."""
    shift = gap[1] - gap[0] - filled if span[0] >= gap[1] else 0
    return span[0] - shift, span[1] - shift


def without(text: str, span: Span) -> tuple[str, Span]:
    """Cut a word out of a text, with one adjoining space where two would meet or one would be left over.

    Returns:
        The rest of the text, and the characters (start, end) that were cut.
    """
    start, end = span
    before, after = text[:start], text[end:]
    if before.endswith(" ") and not after[:1].isalnum():
        start -= 1
    elif after.startswith(" ") and not before[-1:].isalnum():
        end += 1
    return text[:start] + text[end:], (start, end)


def left_out_variant(text: str, spans: tuple[Span, ...], word: int, own: range | None) -> Variant:
    """The text without a word; `own` are the words that are asked about, None for the text as a whole."""
    rest, gap = without(text, spans[word])
    if own is None:
        return Variant(rest, ((0, len(rest)),), range(1))
    others = tuple(moved(span, gap) for at, span in enumerate(spans) if at != word)
    before = int(word < own.start)
    return Variant(rest, others, range(own.start - before, own.stop - before))
