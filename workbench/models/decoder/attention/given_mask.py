"""`GivenMask`: the mask that transformers asks for, as the function that it is, and the rule that we know it by.

transformers makes a mask by calling a registered function with a mask function of (batch, head, query, key). What that
function returns reaches the attention layers as it is: a description takes no memory, and holds absolute positions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.refused import RefusedError

MaskFunction = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
# Beyond every window: a text of so many tokens is longer than any model reads, and a function knows no length.
FAR = 1 << 26
_GRID = 64
_ROWS = 8  # of a mask that are looked at in every pass


@dataclass(frozen=True, eq=False)
class GivenMask:
    """What transformers asks for.

    Attributes:
        function: whether a query sees a key, of absolute positions.
        rows, keys: the absolute positions of the queries and of the keys that the layer holds.
        keep: [B, P+T] bool, False at padding; None where nothing is padded.
        batch: B.
    """

    function: MaskFunction
    rows: range
    keys: range
    keep: Tensor | None
    batch: int = 1
    _followed: dict[Mask, bool] = field(default_factory=dict, init=False)

    def __getitem__(self, part: tuple[slice, slice, slice, slice]) -> "GivenMask":
        """The mask of some queries, [:, :, queries, :]: Gemma 4 reads its last layers at the end of a text alone.

        Raises:
            TypeError: a part of another kind.
        """
        whole = slice(None)
        if len(part) != 4 or (part[0], part[1], part[3]) != (whole,) * 3 or not isinstance(part[2], slice):
            raise TypeError("it takes parts of it")
        rows = self.rows[part[2]]
        if rows.step != 1:
            raise TypeError("it leaves out queries")
        return replace(self, rows=rows)

    def follows(self, rule: Mask) -> bool:
        """Whether it is this rule in some rows of every text, padded ones apart; the layers of a pass ask once."""
        if rule not in self._followed:
            rows = sorted({int(row) for row in torch.linspace(self.rows.start, self.rows.stop - 1, _ROWS)})
            # With its padding, from whose end chunks are counted.
            padded = replace(rule, keep=self.keep)
            self._followed[rule] = all(self._same(padded, range(row, row + 1)) for row in rows)
        return self._followed[rule]

    def _same(self, rule: Mask, rows: range) -> bool:
        seen_BQS, ours_BQS = self.visible(rows, self.keys), ~rule.hidden(rows, self.keys)
        if self.keep is None:
            return bool((seen_BQS == ours_BQS).all())
        keep_BT = self.keep.cpu()
        own_BQ1 = keep_BT[:, rows.start : rows.stop, None]
        kept_BS = nn.functional.pad(keep_BT, (0, max(0, self.keys.stop - keep_BT.shape[1])))
        seen_BQS = seen_BQS & kept_BS[:, None, self.keys.start : self.keys.stop]
        return bool(((seen_BQS == ours_BQS.cpu()) | ~own_BQ1).all())

    def visible(self, rows: range, keys: range) -> Tensor:
        """Whether a query sees a key in each text, padding apart, bool [B, Q, S]."""
        text_B11, nothing = torch.arange(self.batch)[:, None, None], torch.zeros(1, 1, 1, dtype=torch.long)
        query_Q, key_S = (torch.arange(part.start, part.stop) for part in (rows, keys))
        seen = self.function(text_B11, nothing, query_Q[None, :, None], key_S[None, None])
        return seen.expand(self.batch, len(rows), len(keys))


def given_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: int | Tensor = 0,
    kv_offset: int | Tensor = 0,
    mask_function: MaskFunction | None = None,
    attention_mask: Tensor | None = None,
    **others: object,
) -> GivenMask:
    """What is registered with transformers' `AttentionMaskInterface`; the arguments are its own.

    Raises:
        RefusedError: there is no mask function.
    """
    if mask_function is None:
        raise RefusedError("its mask is made without a mask function, which transformers always gives")
    first, start = int(q_offset), int(kv_offset)
    keep = None if attention_mask is None or bool(attention_mask.all()) else attention_mask.bool()
    return GivenMask(mask_function, range(first, first + q_length), range(start, start + kv_length), keep, batch_size)


def rule_of(given: GivenMask) -> Mask:
    """The rule of a mask: causal or not, with a window, chunks, a prefix; checked cell by cell where it bends.

    Raises:
        RefusedError: it is none of these.
    """
    try:
        rule = _read(given)
        fits = all(_same(rule, given, *part) for part in _places(rule))
    except (IndexError, RuntimeError) as error:
        raise RefusedError(f"its mask depends on the text ({type(error).__name__})") from error
    if not fits:
        raise RefusedError("its mask is neither causal nor full, with or without a window, chunks or a prefix")
    return rule


def _read(given: GivenMask) -> Mask:
    """The rule that the ends of some rows tell."""
    causal = not _sees(given, FAR, FAR + 1)
    prefix = _last(given) + 1 if causal and _sees(given, 0, 1) else None
    if _sees(given, FAR, 0):
        return Mask(None, causal=causal, prefix=prefix)
    firsts = [_first(given, row) for row in (FAR, FAR + 1)]
    if firsts[1] == firsts[0] + 1:
        return Mask(FAR - firsts[0] + (1 if causal else 0), causal=causal, prefix=prefix)
    # The second of two rows that begin alike, or the first of a chunk.
    low, high = firsts[1], 2 * FAR
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _first(given, middle) == firsts[1] else (low, middle)
    return Mask(None, causal=causal, chunk=high - firsts[1], prefix=prefix)


def _sees(given: GivenMask, row: int, key: int) -> bool:
    return bool(given.visible(range(row, row + 1), range(key, key + 1)))


def _first(given: GivenMask, row: int) -> int:
    """The first key that a row sees."""
    low, high = -1, row
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _sees(given, row, middle) else (middle, high)
    return high


def _last(given: GivenMask) -> int:
    """The last key of those from the second on that the first row sees."""
    low, high = 1, FAR
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _sees(given, 0, middle) else (low, middle)
    return low


def _places(rule: Mask) -> list[tuple[range, range]]:
    """Blocks of rows and keys where a rule can go wrong: the beginning, and where its window, chunk or prefix ends."""
    bend = rule.window or rule.chunk or _GRID
    ends = range(max(bend - 4, 0), bend + 4)
    begin = range(_GRID)
    places = [(begin, begin), (ends, range(bend + 8)), (range(3 * bend - 2, 3 * bend + 3), range(bend, 3 * bend + 8))]
    if rule.prefix is not None:
        places.append((range(max(rule.prefix - 4, 0), rule.prefix + 4), range(rule.prefix + 8)))
    return places


def _same(rule: Mask, given: GivenMask, rows: range, keys: range) -> bool:
    seen_BQS = given.visible(rows, keys)
    return bool(torch.equal((~rule.hidden(rows, keys)).expand_as(seen_BQS), seen_BQS))
