"""From words to the model's input and back: where each word's label is read, in every variant.

A word's label sits on its LAST sub-token, in training and in use: the first place where a causal model has read the
whole word. All other sub-tokens are ignored. Variants:

- causal: the sentence as it is; a word is labelled without what follows it.
- echo: the sentence, a line break, the sentence again; labels are read on the second copy, which sees all of the first.
- bidirectional: the sentence as it is, `is_causal=False`: every word sees both sides.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workbench.classification.words import Span, spaced

VARIANTS = ("causal", "echo", "bidirectional")
IGNORED = -100
NOWHERE: Span = (0, 0)


@dataclass(frozen=True)
class Encoded:
    """One sentence as the model reads it.

    Attributes:
        ids: token ids, BOS first.
        read: for each word the position in `ids` where its label is read.
        spans: for each token its character offsets in the sentence; (0, 0) where it stands for none.
    """

    ids: list[int]
    read: list[int]
    spans: list[Span]


def settings(variant: str) -> dict[str, Any]:
    """The configuration keys that record a variant: `is_causal` and `workbench_input` ("plain" or "echo").

    Raises:
        ValueError: no such variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant {variant!r} is unknown; choose from {', '.join(VARIANTS)}")
    kind = "echo" if variant == "echo" else "plain"
    return {"is_causal": variant != "bidirectional", "workbench_input": kind}


def encode(sentences: list[list[str]], tokenizer: Any, echo: bool) -> list[Encoded]:
    """Encodes sentences of words, written with the spaces that `spaced` puts between them.

    Args:
        sentences: words of each sentence.
        tokenizer: a transformers tokenizer that knows offsets.
        echo: whether to write every sentence twice.

    Raises:
        ValueError: a word has no token of its own to carry its label (a word of white space only).
    """
    written = [spaced(words) for words in sentences]
    return encode_texts([text for text, _ in written], [spans for _, spans in written], tokenizer, echo)


def encode_texts(texts: list[str], words: list[list[Span]], tokenizer: Any, echo: bool) -> list[Encoded]:
    """Encodes texts as they are; `words` are the character offsets of the words of each. As `encode`."""
    if not texts:
        return []
    found = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    line_break = tokenizer.convert_tokens_to_ids("\n")
    encoded = []
    for text, spans, ids, offsets in zip(texts, words, found["input_ids"], found["offset_mapping"], strict=True):
        offsets = [(int(start), int(end)) for start, end in offsets]
        last = _last_tokens(text, spans, offsets)
        shift = len(ids) + 2 if echo else 1
        whole = [tokenizer.bos_token_id, *ids, *([line_break, *ids] if echo else [])]
        places = [NOWHERE, *offsets, *([NOWHERE, *offsets] if echo else [])]
        encoded.append(Encoded(whole, [at + shift for at in last], places))
    return encoded


def _last_tokens(text: str, words: list[Span], offsets: list[Span]) -> list[int]:
    """For each word the last token that shares a character with it."""
    last, at = [], 0
    for start, end in words:
        while at + 1 < len(offsets) and offsets[at + 1][0] < end:
            at += 1
        if not offsets or offsets[at][1] <= start:
            raise ValueError(f"the word {text[start:end]!r} in {text!r} has no token of its own")
        last.append(at)
    return last


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
            labels_BT[index, row.read] = torch.tensor(labels[index])
    tensors = {"input_ids": ids_BT, "attention_mask": keep_BT}
    return tensors | {"labels": labels_BT} if labels else tensors
