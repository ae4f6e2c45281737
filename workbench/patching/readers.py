"""What patching reads in a pass: the donor's activations, and what the patched runs then predict.

Letters: T tokens, C cells (patched runs), N heads, H head width, D model, Q query rows, S keys, V vocabulary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.models.source import Source
from gemma2_workbench.patching.alignment import Pairs


@dataclass(frozen=True)
class Cell:
    """What one patched run takes from the donor.

    Attributes:
        column: its place in the row of the grid.
        heads: which heads; empty for the residual stream.
        pairs: (position here, position in the donor).
    """

    column: int
    heads: tuple[int, ...]
    pairs: Pairs


class DonorReader:
    """Keeps what one text has at a hook point of some layers: [T, D], [N, T, H] or [N, T, T] each."""

    def __init__(self, loaded: Source, what: str, layers: Sequence[int], tokens: int) -> None:
        self._loaded, self._what, self._layers, self._tokens = loaded, what, layers, tokens
        self._kept: dict[int, Tensor] = {}

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        keep = self._rows if self._what == "attn_probs" else self._whole
        return ({self._loaded.point(layer, self._what): partial(keep, layer) for layer in self._layers},)

    def reading(self) -> Mapping[int, Tensor]:
        """What was kept, by layer, on the model's device."""
        return self._kept

    def _whole(self, layer: int, _module: nn.Module, _args: object, out: Tensor) -> None:
        self._kept[layer] = out[0]

    def _rows(self, layer: int, _module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> None:
        span: Span = args[1]
        if layer not in self._kept:
            self._kept[layer] = out.new_zeros(out.shape[1], self._tokens, self._tokens)
        rows, keys = (slice(part.start, part.stop) for part in (span.rows, span.keys))
        self._kept[layer][:, rows, keys] = out[0]


class PatchedReader:
    """Runs one text patched in C ways at once, all in one layer, and keeps the logit difference of two tokens.

    Below the layer the runs are one: only the residual stream before it becomes C of them. A layer broadcasts over its
    batch, so the layers behind it need not know.

    Args:
        loaded: the model.
        what: the hook point.
        layer: the layer.
        cells: what each run takes.
        donor: what `DonorReader` kept of the layer.
        ids: the two tokens.
        tokens: T of the text that is run.
    """

    def __init__(
        self,
        loaded: Source,
        what: str,
        layer: int,
        cells: Sequence[Cell],
        donor: Tensor,
        ids: tuple[int, int],
        tokens: int,
    ) -> None:
        self._loaded, self._what, self._layer = loaded, what, layer
        self._cells, self._donor, self._ids = cells, donor, ids
        self.positions = (tokens - 1,)
        self._difference = torch.empty(0)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        put = {"resid_pre": self._resid, "head_out": self._outputs, "attn_probs": self._probs}[self._what]
        split = {self._loaded.point(self._layer, "resid_pre"): self._split}
        return split, {self._loaded.point(self._layer, self._what): put}, {"capped_logits": self._keep}

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`."""
        return (self._difference,)

    def reading(self) -> Tensor:
        """Logit of the first token minus that of the second after the final softcap, float32 [C] on the CPU."""
        return self._difference

    def _split(self, _module: nn.Module, _args: object, out_1TD: Tensor) -> Tensor:
        return out_1TD.expand(len(self._cells), -1, -1)

    def _resid(self, _module: nn.Module, _args: object, out_CTD: Tensor) -> Tensor:
        patched_CTD = out_CTD.clone()
        for run, cell in enumerate(self._cells):
            here, there = (list(places) for places in zip(*cell.pairs, strict=True))
            patched_CTD[run, here] = self._donor[there]
        return patched_CTD

    def _outputs(self, _module: nn.Module, _args: object, out_CNTH: Tensor) -> Tensor:
        patched_CNTH = out_CNTH.clone()
        for run, cell in enumerate(self._cells):
            here, there = (list(places) for places in zip(*cell.pairs, strict=True))
            for head in cell.heads:
                patched_CNTH[run, head, here] = self._donor[head, there]
        return patched_CNTH

    def _probs(self, _module: nn.Module, args: tuple[Tensor, Span], out_CNQS: Tensor) -> Tensor:
        span: Span = args[1]
        patched_CNQS, keys = out_CNQS.clone(), slice(span.keys.start, span.keys.stop)
        for run, cell in enumerate(self._cells):
            rows = [(here - span.rows.start, there) for here, there in cell.pairs if here in span.rows]
            for head in cell.heads:
                for here, there in rows:
                    patched_CNQS[run, head, here] = self._donor[head, there, keys]
        return patched_CNQS

    def _keep(self, _module: nn.Module, _args: object, out_C1V: Tensor) -> None:
        first, second = self._ids
        self._difference = (out_C1V[:, 0, first].float() - out_C1V[:, 0, second].float()).cpu()
