"""The logit lens: which token the model would predict at each position if it stopped after some layer.

The residual stream before layer 0 and after every layer goes once through the model's own final norm and its own
unembedding, then through the final softcap (nostalgebraist, "interpreting GPT: the logit lens", 2020).
Shapes: T tokens, D model, V vocab, L layers, R = L + 1 rows, K top tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import torch
from torch import Tensor

from gemma2_workbench.brief import brief
from gemma2_workbench.model.equation import blocks
from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.language_model import pieces_of, require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.reader import Progress
from gemma2_workbench.traces.readers.residual import residual_hooks
from gemma2_workbench.traces.readers.vocabulary import distributions

TOP = 10
# Logits of one block of positions: 8 million numbers are 32 MB, and a handful of temporaries have the same size.
BLOCK_LOGITS = 1 << 23
OF_POSITIONS = ("chosen_ids", "pieces")  # fields of a lens that are not of its cells


@dataclass(frozen=True, eq=False)
class Lens:
    """What every row of the residual stream predicts at every position.

    Row 0 are the embeddings, row n the stream after layer n - 1; row L is the model's own prediction. Where only some
    rows or positions were asked for, R and T count these, in the order in which they were asked for.

    Attributes:
        top_ids: the K most probable tokens, int32 [R, T, K], best first.
        top_logits: their logits before the final softcap, float32 [R, T, K].
        top_capped: the same after it.
        log_sum: log of the sum of exp(capped logit) over the vocabulary, float32 [R, T].
        entropy: of the distribution over the vocabulary, nats, float32 [R, T].
        chosen_ids: the token that is followed at each position, int32 [T].
        chosen_logits, chosen_capped: its logit before and after the final softcap, float32 [R, T].
        chosen_ranks: its place among all tokens, int32 [R, T]; 1 is the most probable.
        pieces: (id, display string) of every token that occurs in the ids.
    """

    top_ids: Tensor
    top_logits: Tensor
    top_capped: Tensor
    log_sum: Tensor
    entropy: Tensor
    chosen_ids: Tensor
    chosen_logits: Tensor
    chosen_capped: Tensor
    chosen_ranks: Tensor
    pieces: tuple[tuple[int, str], ...]

    def __repr__(self) -> str:
        rows, T, K = self.top_ids.shape
        last = self.names.get(int(self.top_ids[-1, -1, 0]), "")
        return brief(self, f"of {rows} rows x {T} positions", f"{K} top tokens each", f"next token {last!r}")

    @cached_property
    def names(self) -> dict[int, str]:
        """Display strings by token id."""
        return dict(self.pieces)

    @property
    def top_probs(self) -> Tensor:
        """Probabilities of the top tokens, float32 [R, T, K]."""
        return torch.exp(self.top_capped - self.log_sum[..., None])

    @property
    def chosen_probs(self) -> Tensor:
        """Probabilities of the chosen token, float32 [R, T]."""
        return torch.exp(self.chosen_capped - self.log_sum)


class LensReader:
    """Unembeds rows of the residual stream of one text, the whole of it unless it is said otherwise.

    Args:
        loaded: a language model, as it is run.
        chosen: the token to follow at each of the P positions that are read.
        rows: which rows of the residual stream, 0 .. L; None is every one.
        positions: which positions of the text; None is every one.
        progress: called with (states read, states) as they are read; what it raises ends the pass.

    Raises:
        ValueError: the model has no language-model head, there is no such row, or nothing is to be read.
    """

    def __init__(
        self,
        loaded: Source,
        chosen: Sequence[int],
        rows: Sequence[int] | None = None,
        positions: Sequence[int] | None = None,
        progress: Progress | None = None,
    ) -> None:
        last = loaded.shape.layers
        self._rows = checked(range(last + 1) if rows is None else rows, last + 1, "row")
        self._positions = None if positions is None else torch.tensor(positions, device=loaded.device)
        self._loaded, self._unembedding = loaded, require_language_model(loaded)
        self._progress, self._done = progress, 0
        vocabulary = self._unembedding.vocabulary
        self._block = max(1, BLOCK_LOGITS // vocabulary)
        self._chosen = torch.tensor(chosen, device=loaded.device)
        R, P, K = len(self._rows), len(chosen), min(TOP, vocabulary)
        self._top_ids = torch.empty(R, P, K, dtype=torch.int32)
        self._tops = torch.empty(2, R, P, K, dtype=torch.float32)
        self._picked = torch.empty(2, R, P, dtype=torch.float32)
        self._ranks = torch.empty(R, P, dtype=torch.int32)
        self._sums = torch.empty(2, R, P, dtype=torch.float32)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        return (residual_hooks(self._loaded, self._row),)

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`."""
        return self._tops, self._sums

    def reading(self) -> Lens:
        """The finished lens, on the CPU."""
        ids = sorted({*self._top_ids.unique().tolist(), *self._chosen.tolist()})
        return Lens(
            top_ids=self._top_ids,
            top_logits=self._tops[0],
            top_capped=self._tops[1],
            log_sum=self._sums[0],
            entropy=self._sums[1],
            chosen_ids=self._chosen.int().cpu(),
            chosen_logits=self._picked[0],
            chosen_capped=self._picked[1],
            chosen_ranks=self._ranks,
            pieces=pieces_of(self._loaded, ids),
        )

    def _row(self, row: int, resid_TD: Tensor) -> None:
        if row in self._rows:
            states = resid_TD if self._positions is None else resid_TD[self._positions]
            self.unembed(self._rows.index(row), states)

    @torch.no_grad()
    def unembed(self, at: int, resid_PD: Tensor) -> None:
        """Read the row that stands at `at` among those that are read."""
        for block in blocks(range(len(resid_PD)), self._block):
            self._read_block(at, slice(block.start, block.stop), resid_PD[block.start : block.stop])
            self._done += len(block)
            if self._progress is not None:
                self._progress(self._done, self._ranks.numel())

    def _read_block(self, row: int, part: slice, resid_bD: Tensor) -> None:
        """Fill one row of the results for some positions; norm, unembedding and cap in the dtype of the model."""
        logits_bV, capped_bV = self._unembedding.logits(resid_bD)
        cap, K = self._unembedding.softcap, self._top_ids.shape[-1]
        found = distributions(logits_bV, capped_bV, self._chosen[part], K, cap)
        self._top_ids[row, part] = found.ids.cpu()
        self._ranks[row, part] = found.ranks.cpu()
        for into, values in (
            (self._tops, (found.logits, found.capped)),
            (self._picked, (found.picked, found.picked_capped)),
            (self._sums, (found.log_sum, found.entropy)),
        ):
            into[0, row, part], into[1, row, part] = (each.cpu() for each in values)


def checked(chosen: Sequence[int], count: int, what: str) -> tuple[int, ...]:
    """Some of 0 .. count - 1, each once.

    Raises:
        ValueError: there is none, one that does not exist, or one twice.
    """
    if not chosen or len(set(chosen)) < len(chosen) or not all(0 <= one < count for one in chosen):
        raise ValueError(f"{what}s {list(chosen)[:20]} cannot be read; give some of 0..{count - 1}, each once")
    return tuple(chosen)


def unembedded(loaded: Source, stream_RPD: Tensor, chosen: Sequence[int]) -> Lens:
    """The lens of R states at each of P positions of a residual stream that was kept.

    All of them are unembedded together: one alone takes nearly as long where the vocabulary is large, because the
    unembedding itself has to be read.

    Args:
        loaded: a language model.
        stream_RPD: the states, see `ResidualReader`.
        chosen: the P tokens to follow.

    Raises:
        ValueError: the model has no language-model head.
    """
    R, P = stream_RPD.shape[:2]
    reader = LensReader(loaded, [*chosen] * R, rows=(0,))
    with torch.no_grad(), loaded.lock:
        reader.unembed(0, stream_RPD.flatten(0, 1))
    lens = reader.reading()
    cells = {field.name: getattr(lens, field.name) for field in fields(Lens) if field.name not in OF_POSITIONS}
    apart = {name: values[0].unflatten(0, (R, P)) for name, values in cells.items()}
    return replace(lens, chosen_ids=lens.chosen_ids[:P], **apart)
