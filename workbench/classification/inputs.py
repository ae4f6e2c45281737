"""From words to the model's input and back: where each word's label is read, in every variant.

A word's label is read at one of its sub-tokens, or as the mean of the logits of all, in training and in use alike
(`workbench_label_token` in config.json); all other sub-tokens are ignored:

- last: the first place where a causal model has read the whole word;
- first: where most taggers of other libraries are trained to say it;
- mean: the mean of the logits of all; in training each of them carries the label.

What surrounds a text (BOS, EOS, whatever the tokenizer's template says) is what `tokenizer(text)` puts there. Variants:

- causal: the sentence as it is; a word is labelled without what follows it.
- echo: the sentence, a line break, the sentence again; labels are read on the second copy, which sees all of the first.
- bidirectional: the sentence as it is, `is_causal=False`: every word sees both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gemma2_workbench.classification.choices import LABEL_TOKENS, VARIANTS
from gemma2_workbench.classification.words import Span, spaced

IGNORED = -100
NOWHERE: Span = (0, 0)
Positions = tuple[int, ...]


@dataclass(frozen=True)
class Encoded:
    """One sentence as the model reads it.

    Attributes:
        ids: token ids.
        read: for each word the positions in `ids` whose mean logits give its label; one, unless it is read as "mean".
        spans: for each token its character offsets in the sentence; (0, 0) where it stands for none.
    """

    ids: list[int]
    read: list[Positions]
    spans: list[Span]


def settings(variant: str, label_token: str = "last") -> dict[str, Any]:
    """The configuration keys that record how a classifier reads.

    Returns:
        `is_causal`, `workbench_input` ("plain" or "echo") and `workbench_label_token`.

    Raises:
        ValueError: no such variant or label token.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant {variant!r} is unknown; choose from {', '.join(VARIANTS)}")
    kind = "echo" if variant == "echo" else "plain"
    return {
        "is_causal": variant != "bidirectional",
        "workbench_input": kind,
        "workbench_label_token": checked_label_token(label_token),
    }


def checked_label_token(given: object, name: str = "label token") -> str:
    """One of `LABEL_TOKENS`.

    Raises:
        ValueError: it is none of them.
    """
    if given not in LABEL_TOKENS:
        raise ValueError(f"{name} {given!r} is unknown; choose from {', '.join(LABEL_TOKENS)}")
    return str(given)


def at_words(logits_TC: Tensor, read: Sequence[Positions]) -> Tensor:
    """The class scores of each word [W, C] from those of each token [T, C]: the mean over the places it is read at."""
    rows = [logits_TC[list(places)].mean(0) for places in read]
    return torch.stack(rows) if rows else logits_TC[:0]


def encode(sentences: list[list[str]], tokenizer: Any, echo: bool, label_token: str = "last") -> list[Encoded]:
    """Encodes sentences of words, written with the spaces that `spaced` puts between them.

    Args:
        sentences: words of each sentence.
        tokenizer: a transformers tokenizer that knows offsets.
        echo: whether to write every sentence twice.
        label_token: which sub-tokens of a word carry its label, one of `LABEL_TOKENS`.

    Raises:
        ValueError: a word has no token of its own to carry its label (a word of white space only).
    """
    written = [spaced(words) for words in sentences]
    return encode_texts([text for text, _ in written], [spans for _, spans in written], tokenizer, echo, label_token)


def encode_texts(
    texts: list[str], words: list[list[Span]], tokenizer: Any, echo: bool, label_token: str = "last"
) -> list[Encoded]:
    """Encodes texts as they are; `words` are the character offsets of the words of each. As `encode`."""
    if not texts:
        return []
    found = tokenizer(texts, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    rows = zip(found["input_ids"], found["offset_mapping"], found["special_tokens_mask"], strict=True)
    line_break = tokenizer.convert_tokens_to_ids("\n")
    encoded = []
    for text, spans, (ids, offsets, added) in zip(texts, words, rows, strict=True):
        offsets = [(int(start), int(end)) for start, end in offsets]
        before, own, after = _parts(added)
        head, body, tail = ids[before], ids[own], ids[after]
        places = offsets[own]
        if _begins_with(tokenizer.bos_token_id, text, body, places):
            head = [token for token in head if token != tokenizer.bos_token_id]
        lead = [*head, *body, line_break] if echo else head
        told = [NOWHERE] * len(head) + ([*places, NOWHERE] if echo else [])
        read = [tuple(len(lead) + at for at in group) for group in _carriers(text, spans, places, label_token)]
        encoded.append(Encoded([*lead, *body, *tail], read, [*told, *places, *[NOWHERE] * len(tail)]))
    return encoded


def _parts(added: list[int]) -> tuple[slice, slice, slice]:
    """What the tokenizer puts before a text, the text itself, and what it puts after it."""
    own = [at for at, special in enumerate(added) if not special]
    start, stop = (own[0], own[-1] + 1) if own else (len(added), len(added))
    return slice(0, start), slice(start, stop), slice(stop, None)


def _begins_with(token: int | None, text: str, ids: list[int], offsets: list[Span]) -> bool:
    """Whether a text brings this token itself, first or after blanks: it is not put there a second time."""
    for found, (start, end) in zip(ids, offsets, strict=True):
        if found == token:
            return True
        if text[start:end].strip():
            return False
    return False


def _carriers(text: str, words: list[Span], offsets: list[Span], label_token: str) -> list[Positions]:
    """For each word the tokens that carry its label: of those that share a character with it the first, last or all."""
    found, at = [], 0
    for start, end in words:
        while at < len(offsets) and offsets[at][1] <= start:
            at += 1
        stop = at
        while stop < len(offsets) and offsets[stop][0] < end:
            stop += 1
        if stop == at:
            raise ValueError(f"the word {text[start:end][:60]!r} in {text[:60]!r} has no token of its own")
        own = range(at, stop)
        found.append({"first": (at,), "last": (stop - 1,), "mean": tuple(own)}[label_token])
    return found


def as_whole(row: Encoded, pad: int | None, label_token: str = "last") -> Encoded:
    """A text that is labelled as a whole, as transformers' classifiers do.

    Args:
        row: the text.
        pad: id of the pad token.
        label_token: whether it is read at the first token, the last that is no padding, or as the mean of all.
    """
    last = max((at for at, token in enumerate(row.ids) if token != pad), default=len(row.ids) - 1)
    read = {"first": (0,), "last": (last,), "mean": tuple(range(len(row.ids)))}[label_token]
    return Encoded(row.ids, [read], row.spans)


def collate(batch: list[Encoded], pad: int, labels: list[list[int]] | None = None) -> dict[str, Tensor]:
    """Pads on the right.

    Args:
        batch: encoded sentences.
        pad: id of the pad token.
        labels: class of every word of every sentence; None to leave them out.

    Returns:
        input_ids and attention_mask, int64 [B, T], and with `labels` also labels [B, T], `IGNORED` but at the words.
    """
    width = max(len(row.ids) for row in batch)
    ids_BT = torch.full((len(batch), width), pad)
    keep_BT = torch.zeros(len(batch), width, dtype=torch.long)
    labels_BT = torch.full((len(batch), width), IGNORED)
    for index, row in enumerate(batch):
        ids_BT[index, : len(row.ids)] = torch.tensor(row.ids)
        keep_BT[index, : len(row.ids)] = 1
        if labels:
            for places, label in zip(row.read, labels[index], strict=True):
                labels_BT[index, list(places)] = label
    tensors = {"input_ids": ids_BT, "attention_mask": keep_BT}
    return tensors | {"labels": labels_BT} if labels else tensors
