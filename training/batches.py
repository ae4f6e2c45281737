"""Training batches as a pure function of (seed, step): resuming needs no state of its own."""

from dataclasses import dataclass

import numpy as np
import sentencepiece
import torch
from torch import Tensor

from training.copy_task import Material, gapped_row, repeated_row
from training.corpus import Tokens

# Share of the text rows that each source gives. WordNet is half of all tokens but no running text.
SOURCE_SHARES = {"sotu": 0.45, "austen": 0.22, "moby": 0.06, "wordnet": 0.27}


@dataclass(frozen=True)
class Plan:
    """What one batch is made of.

    Attributes:
        rows: rows in the batch.
        length: tokens per row (BOS included).
        copies: share of rows that are copy sequences.
        longest: longest repeated segment, or None for half a row.
    """

    rows: int
    length: int
    copies: float
    longest: int | None = None


def plain_pieces(tokenizer: sentencepiece.SentencePieceProcessor) -> np.ndarray:
    """Returns the ids of ordinary pieces: no control, unknown or byte pieces, no line breaks."""
    return np.array(
        [
            i
            for i in range(tokenizer.vocab_size())
            if not (tokenizer.is_control(i) or tokenizer.is_unknown(i) or tokenizer.is_byte(i))
            and tokenizer.id_to_piece(i).strip("\n")
            and not tokenizer.id_to_piece(i).startswith("<")
        ]
    )


def spaceless(tokenizer: sentencepiece.SentencePieceProcessor) -> np.ndarray:
    """Maps each id to the same piece without its leading space, where there is such a piece.

    A sentence inside a paragraph starts with a space; a text that somebody types does not.
    """
    table = np.arange(tokenizer.vocab_size())
    for i in table:
        piece = tokenizer.id_to_piece(int(i))
        if piece.startswith("▁") and len(piece) > 1:
            bare = tokenizer.piece_to_id(piece[1:])
            if bare != tokenizer.unk_id():
                table[i] = bare
    return table


class Batches:
    """Draws batches of text and copy sequences.

    Args:
        corpus: tokens of each source.
        tokenizer: the tokenizer they were made with.
        seed: two streams with the same seed give the same batches.
        shares: share of the text rows per source, in any unit.
    """

    def __init__(
        self,
        corpus: dict[str, Tokens],
        tokenizer: sentencepiece.SentencePieceProcessor,
        seed: int,
        shares: dict[str, float] | None = None,
    ):
        shares = shares or SOURCE_SHARES
        self.sources = list(corpus.values())
        weights = np.array([shares[name] for name in corpus])
        self.weights = weights / weights.sum()
        self.material = Material(np.concatenate([source.ids for source in self.sources]), plain_pieces(tokenizer))
        self.bare = spaceless(tokenizer)
        self.bos = tokenizer.bos_id()
        self.seed = seed

    def _text(self, rng: np.random.Generator, length: int) -> tuple[np.ndarray, np.ndarray]:
        source = self.sources[rng.choice(len(self.sources), p=self.weights)]
        start = rng.choice(source.starts)
        end = source.ends[np.searchsorted(source.ends, start, side="right")]
        start = max(min(start, end - length), 0)
        ids = source.ids[start : start + length].astype(np.int64)
        ids[0] = self.bare[ids[0]]
        return ids, ids.copy()

    def __call__(self, step: int, plan: Plan) -> tuple[Tensor, Tensor]:
        """Returns ids and next-token targets of one step, both int64 of shape (rows, length)."""
        rng = np.random.default_rng((self.seed, step))
        ids, labels = [], []
        for _ in range(plan.rows):
            if rng.random() >= plan.copies:
                row = self._text(rng, plan.length)
            elif plan.longest or rng.random() < 0.5:
                row = repeated_row(rng, self.material, plan.length, plan.longest)
            else:
                row = gapped_row(rng, self.material, plan.length)
            ids.append(np.concatenate([[self.bos], row[0][:-1]]))
            labels.append(row[1])
        return torch.from_numpy(np.stack(ids)), torch.from_numpy(np.stack(labels))


def held_out_rows(tokens: Tokens, bos: int, length: int, rows: int | None = None) -> Tensor:
    """Cuts held-out text into rows of BOS and `length` tokens, none twice.

    Args:
        tokens: held-out tokens.
        bos: id that starts each row.
        length: tokens after BOS.
        rows: how many rows, evenly spread; all of them by default.

    Returns:
        int64 of shape (rows, 1 + length).
    """
    count = len(tokens.ids) // length
    table = tokens.ids[: count * length].astype(np.int64).reshape(count, length)
    if rows:
        table = table[np.linspace(0, count - 1, min(rows, count)).astype(int)]
    return torch.from_numpy(np.pad(table, ((0, 0), (1, 0)), constant_values=bos))
