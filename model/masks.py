"""Who may see whom: the one rule of Gemma 2's attention masks, as blocks, as reasons and as a dense picture.

Query i sees key j iff j <= i (causal), i - j < window in a sliding layer (the query itself and window - 1 earlier
keys), and j is no padding. Rows and keys are absolute positions in the sequence; with a key/value cache they go on
counting, and pads count as distance. With `causal=False` (no part of Gemma 2, used for token classification) nothing
is future and a sliding layer sees |i - j| <= window, as in transformers with `config.is_causal = False`. A chunked
layer (Llama 4; no part of Gemma 2) sees the keys of the query's own chunk; chunks are counted from the first token.
The tokens of a prefix (PaliGemma and other prefix language models; no part of Gemma 2) all see one another, whatever
the other rules hide, but no padding.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gemma2_workbench.model.reason import Reason


@dataclass(frozen=True)
class Mask:
    """The mask of one layer for one forward pass.

    Attributes:
        window: keys that a query sees including itself, or None for full attention.
        keep: [B, P+T] bool, False at padding; None where nothing is padded.
        sequence: [B, T] int, number of the packed sequence a token belongs to; None where one row is one sequence.
        causal: whether later keys are hidden.
        chunk: tokens of a chunk, or None for none.
        prefix: positions before this one see one another, or None for none.
    """

    window: int | None = None
    keep: Tensor | None = None
    sequence: Tensor | None = None
    causal: bool = True
    chunk: int | None = None
    prefix: int | None = None

    def reasons(self, rows: range, keys: range, device: torch.device | str = "cpu") -> Tensor:
        """The `Reason` of every cell, int8 [B, Q, S] (B = 1 where all rows of the batch share the mask)."""
        back_QS = _back(rows, keys, device)
        # Written from the weakest reason to the strongest, so that the last one set is the first that applies.
        cells_BQS = torch.zeros(1, len(rows), len(keys), dtype=torch.int8, device=device)
        if self.sequence is not None:
            own_BQ1 = self.sequence[:, rows.start : rows.stop, None]
            other_BQS = own_BQ1 != self.sequence[:, None, keys.start : keys.stop]
            cells_BQS = torch.where(other_BQS, int(Reason.OTHER_SEQUENCE), cells_BQS)
        if self.keep is not None:
            # Keys beyond the mask are slots of a static cache that are not written yet: future for every row.
            known_BS = torch.ones(self.keep.shape[0], len(keys), dtype=torch.bool, device=device)
            part = self.keep[:, keys.start : keys.stop]
            known_BS[:, : part.shape[1]] = part
            cells_BQS = torch.where(known_BS[:, None, :], cells_BQS, int(Reason.PADDING))
        in_prefix_BQS = cells_BQS
        if self.chunk is not None:
            other_BQS = self._other_chunk(rows, keys, self.chunk, device)
            cells_BQS = torch.where(other_BQS, int(Reason.OUTSIDE_CHUNK), cells_BQS)
        if self.window is not None:
            cells_BQS = torch.where(self._outside(back_QS, self.window), int(Reason.OUTSIDE_WINDOW), cells_BQS)
        if self.causal:
            cells_BQS = torch.where(back_QS < 0, int(Reason.FUTURE), cells_BQS)
        if self.prefix is not None:
            cells_BQS = torch.where(self._both_in(self.prefix, rows, keys, device), in_prefix_BQS, cells_BQS)
        return cells_BQS.to(torch.int8)

    def hidden(self, rows: range, keys: range, device: torch.device | str = "cpu") -> Tensor:
        """True where a query must not look, bool [B, Q, S]."""
        if self._has_own_cells():
            return self.reasons(rows, keys, device) != Reason.VISIBLE
        back_QS = _back(rows, keys, device)
        hidden_QS = back_QS < 0 if self.causal else torch.zeros_like(back_QS, dtype=torch.bool)
        return (hidden_QS if self.window is None else hidden_QS | self._outside(back_QS, self.window))[None]

    def hidden_parts(self, rows: range, keys: range, device: torch.device | str = "cpu") -> list[tuple[slice, Tensor]]:
        """`hidden` where it hides anything: some of the keys, within those given, and bool [B, Q, these] of each.

        All rows of a block see most of the keys before it: of these there is nothing to compare and nothing to mask.
        """
        parts = (part for part in self._partly_seen(rows, keys) if part)
        return [
            (slice(part.start - keys.start, part.stop - keys.start), self.hidden(rows, part, device)) for part in parts
        ]

    def hidden_ranges(self, rows: range, keys: range) -> list[tuple[range, bool]]:
        """The keys that any of the rows does not see, in ranges, and whether all cells of one have the same reason."""
        if self._has_own_cells():
            return [(keys, False)]
        seen = self.reach(rows, keys)
        if not seen:
            return [(keys, True)]
        beyond = ((range(keys.start, seen.start), True), (range(seen.stop, keys.stop), True))
        return [
            (part, whole)
            for part, whole in (*beyond, *((each, False) for each in self._partly_seen(rows, seen)))
            if part
        ]

    def _partly_seen(self, rows: range, keys: range) -> tuple[range, ...]:
        """The keys before and after those that all rows see; all of them where there are none such."""
        if self._has_own_cells():
            return (keys,)
        first, stop = keys.start, keys.stop
        if self.window is not None:
            first = max(first, rows.stop - self.window - (0 if self.causal else 1))
        if self.causal:
            stop = min(stop, rows.start + 1)
        elif self.window is not None:
            stop = min(stop, rows.start + self.window + 1)
        return (range(keys.start, first), range(stop, keys.stop)) if first < stop else (keys,)

    def reach(self, rows: range, keys: range) -> range:
        """The part of `keys` that any of `rows` can see; all of `keys` if some row sees nothing.

        The reference spreads a row without visible keys (left padding) evenly over every stored key. Keeping all keys
        in such a block makes the same softmax give the same numbers.
        """
        if self._has_blind_row(rows, keys):
            return keys
        first, stop = keys.start, keys.stop
        if self.prefix is not None and rows.start < self.prefix:
            return keys
        if self.causal:
            stop = min(stop, rows.stop)
            first = first if self.window is None else max(first, rows.start - self.window + 1)
        elif self.window is not None:
            first, stop = max(first, rows.start - self.window), min(stop, rows.stop + self.window)
        if self.chunk is not None and self.keep is None:
            first = max(first, rows.start // self.chunk * self.chunk)
            stop = min(stop, -(-rows.stop // self.chunk) * self.chunk)
        return range(first, stop)

    def within(self, tokens: int) -> "Mask":
        """The same mask for texts of at most so many tokens, without a window or chunks that hide nothing of them."""
        window = None if self.window is not None and self.window >= tokens else self.window
        chunk = None if self.chunk is not None and self.chunk >= tokens and self.keep is None else self.chunk
        return self if (window, chunk) == (self.window, self.chunk) else replace(self, window=window, chunk=chunk)

    def blind(self, rows: range, keys: range) -> Tensor:
        """Rows that see no key at all, bool [B, Q]: what attention gives them is no information."""
        return self.hidden(rows, keys, self._device()).all(-1)

    def _other_chunk(self, rows: range, keys: range, chunk: int, device: torch.device | str) -> Tensor:
        """Which keys lie in another chunk than the query, bool [B, Q, S]; padding before a text does not count."""
        first_B = torch.zeros(1, dtype=torch.long) if self.keep is None else (self.keep.cumsum(-1) == 0).sum(-1)
        own_BQ, its_BS = (
            (torch.arange(part.start, part.stop, device=device) - first_B.to(device)[:, None]) // chunk
            for part in (rows, keys)
        )
        return own_BQ[:, :, None] != its_BS[:, None]

    def _both_in(self, prefix: int, rows: range, keys: range, device: torch.device | str) -> Tensor:
        """Where query and key both lie in the prefix, bool [Q, S]."""
        own_Q, its_S = (torch.arange(part.start, part.stop, device=device) < prefix for part in (rows, keys))
        return own_Q[:, None] & its_S

    def _has_own_cells(self) -> bool:
        """Whether more than the distance of query and key decides."""
        return not all(part is None for part in (self.keep, self.sequence, self.chunk, self.prefix))

    def _outside(self, back_QS: Tensor, window: int) -> Tensor:
        """Which distances are beyond the window."""
        # No distance is larger, but a window may be, and an int32 would not hold it.
        window = min(window, torch.iinfo(back_QS.dtype).max)
        return back_QS >= window if self.causal else back_QS.abs() > window

    def _has_blind_row(self, rows: range, keys: range) -> bool:
        # Without padding every query sees itself, whatever the window or the packing.
        if self.keep is None:
            return False
        return bool(self.blind(rows, keys).any())

    def _device(self) -> torch.device | str:
        return self.keep.device if self.keep is not None else "cpu"


def _back(rows: range, keys: range, device: torch.device | str) -> Tensor:
    """How far back each key lies, query minus key, int32 [Q, S]."""
    place = {"dtype": torch.int32, "device": device}
    return torch.arange(rows.start, rows.stop, **place)[:, None] - torch.arange(keys.start, keys.stop, **place)


def packed_sequences(positions_BT: Tensor) -> Tensor | None:
    """Number the packed sequences in `positions_BT`: a new one starts wherever a position is not its predecessor + 1.

    Returns int [B, T], or None when every row is a single sequence (as transformers' `find_packed_sequence_indices`).
    """
    start_B1 = positions_BT[:, :1] - 1
    number_BT = (torch.diff(positions_BT, prepend=start_B1, dim=-1) != 1).cumsum(-1)
    return number_BT if bool(number_BT[:, -1].any()) else None
