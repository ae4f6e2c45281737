"""`Trace`: everything the views need of one run, without the model; short and long texts are one case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.models.parity import Parity
from gemma2_workbench.models.tokens import Tokens
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.readers.contributions import Contributions
from gemma2_workbench.traces.readers.lens import Lens
from gemma2_workbench.traces.stages import LayerInfo, LayerTensors, checked_stage, derive, reasons


@dataclass(frozen=True)
class ModelInfo:
    """Which weights a trace came from, and how they were run."""

    name: str
    source: str
    revision: str | None
    weights_sha256: str | None
    dtype: str
    device: str

    @classmethod
    def of(cls, loaded: LoadedModel) -> "ModelInfo":
        """The description of a loaded model."""
        return cls(**{field.name: getattr(loaded, field.name) for field in fields(cls)})


@dataclass(frozen=True, eq=False)
class Trace:
    """One run of one text. L layers, N heads, G key/value heads, T tokens.

    Attributes:
        tokens: the T tokens, BOS first.
        model: which weights.
        layers: the L layers' kind, window, softcap and scale.
        heads: N.
        kv_heads: G; head n reads key/value head n // (N / G).
        tensors: per layer q, k, v and row sums, from which every stage follows.
        folds: statistics reduced during the pass: [L, N, T] or [L, N, ...] (see `traces.folds`).
        parity: the comparison with transformers.
        interventions: what was changed in the model; empty is the real model.
        block_rows: query rows handled at once.
        seconds: duration of the forward pass.
        lens: the logit lens, if the capture was asked for it.
        contributions: the parts of the logit of each position's next token, with the lens.
    """

    tokens: Tokens
    model: ModelInfo
    layers: tuple[LayerInfo, ...]
    heads: int
    kv_heads: int
    tensors: Sequence[LayerTensors]
    folds: Mapping[str, Tensor]
    parity: Parity
    interventions: tuple[Intervention, ...]
    block_rows: int
    seconds: float
    lens: Lens | None = None
    contributions: Contributions | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """What was changed in the model, in words; empty is the real model."""
        return tuple(change.sentence for change in self.interventions)

    def stage(
        self, layer: int, head: int, stage: str = "attn_probs", rows: range | None = None, keys: range | None = None
    ) -> Tensor:
        """One stage of the attention of one head, float32 [Q, S]; NaN where the mask leaves no value.

        Args:
            layer: 0 .. L-1.
            head: 0 .. N-1.
            stage: attn_logits, attn_scores, attn_masked, attn_probs or contribution (`traces.stages.STAGES`).
            rows: queries, default all.
            keys: keys, default all.

        Raises:
            ValueError: an index or range that the trace does not have, or an unknown stage.
        """
        self._check_head(layer, head)
        rows, keys = self._checked(rows, "rows"), self._checked(keys, "keys")
        return derive(self.layers[layer], self.tensors[layer], head, checked_stage(stage), rows, keys)

    def reasons(self, layer: int, rows: range | None = None, keys: range | None = None) -> Tensor:
        """Why each cell is hidden, int8 [Q, S] of `model.Reason` (0 is visible).

        Raises:
            ValueError: a layer or range that the trace does not have.
        """
        self._check_head(layer, 0)
        return reasons(self.layers[layer], self._checked(rows, "rows"), self._checked(keys, "keys"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        apart = ("tensors", "folds", "lens", "contributions")
        plain = [field.name for field in fields(self) if field.name not in apart]
        return (
            # repr, because the numbers of an unchecked parity are NaN, which equals nothing.
            all(repr(getattr(self, name)) == repr(getattr(other, name)) for name in plain)
            and self.folds.keys() == other.folds.keys()
            and all(_same(self.folds[name], other.folds[name]) for name in self.folds)
            and all(map(_same_fields, self.tensors, other.tensors))
            and _same_fields(self.lens, other.lens)
            and _same_fields(self.contributions, other.contributions)
        )

    def _check_head(self, layer: int, head: int) -> None:
        for what, index, count in (("layer", layer, len(self.layers)), ("head", head, self.heads)):
            if not 0 <= index < count:
                raise ValueError(f"{what} {index} does not exist; allowed: 0..{count - 1}")

    def _checked(self, part: range | None, what: str) -> range:
        T = len(self.tokens)
        if part is None:
            return range(T)
        if part.step != 1 or not 0 <= part.start < part.stop <= T:
            raise ValueError(f"{what} {part.start}:{part.stop} must be a non-empty range within 0:{T}")
        return part


def _same(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)


def _same_fields(a: Any, b: Any) -> bool:
    """Whether two dataclasses of tensors and plain values are equal; None equals None only."""
    if a is None or b is None:
        return a is b
    pairs = [(getattr(a, field.name), getattr(b, field.name)) for field in fields(a)]
    return all(_same(x, y) if isinstance(x, Tensor) else x == y for x, y in pairs)
