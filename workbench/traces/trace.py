"""`Trace`: everything the views need of one run, without the model; short and long texts are one case."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from math import isnan
from typing import TypeVar

import torch
from torch import Tensor

from gemma2_workbench.brief import brief, cut, some
from gemma2_workbench.display import Drawable
from gemma2_workbench.generation.generated import Generation
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.parity.statement import Parity
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tier import tier_words
from gemma2_workbench.models.tokens import Tokens
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.traces.derive import LayerTensors, derive, reasons
from gemma2_workbench.traces.derived_squares import Squares, derive_squares
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.interventions.effect import Effect
from gemma2_workbench.traces.stages import STAGES, checked_stage

R = TypeVar("R")


@dataclass(frozen=True)
class ModelInfo:
    """Which weights a trace came from, and how they were run.

    Attributes:
        maps_only: why the probabilities alone are known of the model; empty where all stages are.
        Others: as of `Source`.
    """

    name: str
    source: str
    revision: str | None
    weights_sha256: str | None
    dtype: str
    device: str
    weights: WeightsInfo = WeightsInfo()
    maps_only: str = ""

    @classmethod
    def of(cls, loaded: Source) -> "ModelInfo":
        """The description of a loaded model.

        Raises:
            ValueError: it is one that `applied` changed: under this description it would pass for the real one.
        """
        if loaded.changes:
            raise ValueError(
                f"{loaded.name} is changed here ({'; '.join(loaded.changes)}), and what is saved would not say so; "
                "give the model that `load` returned, and the changes as `interventions=`"
            )
        made = cls(**{field.name: getattr(loaded, field.name) for field in fields(cls)})
        # Weights that were changed are not those of the file.
        return replace(made, weights_sha256=None) if made.weights.hashed == "memory" else made

    def as_data(self) -> JsonObject:
        """As JSON holds it; what there is nothing to say of, is left out."""
        untold = {
            *([] if self.maps_only else ["maps_only"]),
            *([] if self.weights != WeightsInfo() else ["weights"]),
        }
        return {key: value for key, value in asdict(self).items() if key not in untold}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reader of its numbers has to know: that there are maps only, and what became of the weights."""
        return (*([tier_words(self.maps_only)] if self.maps_only else []), *self.weights.sentences)


@dataclass(frozen=True, eq=False)
class Trace(Drawable):
    """One run of one text. L layers, N heads, G key/value heads, T tokens.

    Attributes:
        tokens: the T tokens, BOS first.
        model: which weights.
        layers: the L layers' kind, window, softcap and scale.
        heads: N.
        kv_heads: G; head n reads key/value head n // (N / G).
        readings: what was read in the pass, by the name of its reader (`traces.readers.READERS`).
        parity: the comparison with transformers.
        interventions: what was changed in the model; empty is the real model.
        effects: what each of them did to the outputs, one for each; empty in files of version 2.
        block_rows: query rows handled at once.
        seconds: duration of the forward pass.
        generation: which of the tokens the model wrote itself, and how; None for a text that was given.
    """

    tokens: Tokens
    model: ModelInfo
    layers: tuple[LayerInfo, ...]
    heads: int
    kv_heads: int
    readings: Mapping[str, object]
    parity: Parity
    interventions: tuple[Intervention, ...]
    effects: tuple[Effect, ...]
    block_rows: int
    seconds: float
    generation: Generation | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """What was changed in the model, in words; empty is the real model."""
        return tuple(change.sentence for change in self.interventions)

    @property
    def tier(self) -> str:
        """What can be shown of the model, and how far it is from its reference, in words."""
        return tier_words(self.model.maps_only, self.parity)

    @property
    def tensors(self) -> Sequence[LayerTensors]:
        """Per layer q, k, v and row sums, from which every stage follows.

        Raises:
            ValueError: they were not read.
        """
        return self.reading("attention", Sequence)

    @property
    def folds(self) -> Mapping[str, Tensor]:
        """Statistics reduced during the pass: [L, N, T] or [L, N, ...] (see `traces.folds`).

        Raises:
            ValueError: they were not read.
        """
        return self.reading("folds", Mapping)

    def reading(self, name: str, kind: type[R]) -> R:
        """What the reader `name` read, which is a `kind`.

        Raises:
            ValueError: this run was not asked for it; the message says how to.
        """
        found = self.readings.get(name)
        if not isinstance(found, kind):
            raise ValueError(f"this trace has no {name}; capture the text again with read=(..., {name!r})")
        return found

    def stage(
        self, layer: int, head: int, stage: str = "attn_probs", rows: range | None = None, keys: range | None = None
    ) -> Tensor:
        """One stage of the attention of one head, float32 [Q, S]; NaN where the mask leaves no value.

        The contribution of a head that an intervention silences is 0.

        Args:
            layer: 0 .. L-1.
            head: 0 .. N-1.
            stage: attn_logits, attn_scores, attn_masked, attn_probs or contribution (`traces.stages.STAGES`).
            rows: queries, default all.
            keys: keys, default all.

        Raises:
            ValueError: an index or range that the trace does not have, or an unknown stage.
        """
        rows, keys = self._checked_part(layer, head, stage, rows, keys)
        value_QS = derive(self.layers[layer], self.tensors[layer], head, checked_stage(stage), rows, keys)
        return value_QS * 0 if self._is_silent(layer, head, stage) else value_QS

    def squares(
        self,
        layer: int,
        head: int,
        factor: int,
        stage: str = "attn_probs",
        rows: range | None = None,
        keys: range | None = None,
    ) -> Squares:
        """The same as an overview: each `factor` x `factor` cells as the one of largest magnitude, and the reasons.

        Several times as fast as to join the cells of `stage`, and as exact.

        Raises:
            ValueError: as of `stage`.
        """
        rows, keys = self._checked_part(layer, head, stage, rows, keys)
        made = derive_squares(self.layers[layer], self.tensors[layer], head, checked_stage(stage), rows, keys, factor)
        return Squares(made.values * 0, made.reasons) if self._is_silent(layer, head, stage) else made

    def known_stages(self, layer: int) -> tuple[str, ...]:
        """The stages that are known of a layer, in order: all, all but the contribution, or probabilities alone."""
        if not self.layers[layer].staged:
            return ("attn_probs",)
        has_norms = len(self.tensors[layer].value_norms) > 0
        return tuple(name for name in STAGES if has_norms or name != "contribution")

    def reasons(self, layer: int, rows: range | None = None, keys: range | None = None) -> Tensor:
        """Why each cell is hidden, int8 [Q, S] of `model.Reason` (0 is visible).

        Raises:
            ValueError: a layer or range that the trace does not have.
        """
        self._check_head(layer, 0)
        return reasons(self.layers[layer], self._checked(rows, "rows"), self._checked(keys, "keys"))

    def sink_share(self, layer: int, head: int, rows: range | None = None) -> Tensor:
        """What the learned sink of a head takes of each row, float32 [Q]; 0 where the layer has none.

        With it the probabilities of a row sum to 1.

        Raises:
            ValueError: an index or range that the trace does not have.
        """
        self._check_head(layer, head)
        rows, sinks = self._checked(rows, "rows"), self.layers[layer].sinks
        log_sum_Q = self.tensors[layer].log_sum[head, rows.start : rows.stop]
        return torch.zeros_like(log_sum_Q) if sinks is None else torch.exp(sinks[head] - log_sum_Q)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return all(_same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self))

    def __repr__(self) -> str:
        return brief(
            self,
            f"of {cut(self.model.name, 24)}",
            f"{len(self.tokens)} tokens {cut(self.tokens.text, 24)!r}",
            f"{len(self.layers)} layers x {self.heads} heads",
            f"modified: {some(self.changes, 1)}" if self.changes else "",
            self.generation.sentence if self.generation else "",
            some(self.model.sentences, 1) if self.model.sentences else "",
            # Last of what varies in length: the line is cut at its end.
            self.parity.verdict,
            f"read {' '.join(self.readings)}",
        )

    def _checked_part(
        self, layer: int, head: int, stage: str, rows: range | None, keys: range | None
    ) -> tuple[range, range]:
        self._check_head(layer, head)
        self._check_derivable(layer, head, stage)
        return self._checked(rows, "rows"), self._checked(keys, "keys")

    def _is_silent(self, layer: int, head: int, stage: str) -> bool:
        """Whether an intervention leaves a head nothing to contribute."""
        return stage == "contribution" and any(one.silences(layer, head) for one in self.interventions)

    def _check_derivable(self, layer: int, head: int, stage: str) -> None:
        """Refuse stages that do not follow from q and k any more."""
        if stage in ("attn_probs", "contribution") and any(one.replaces(layer, head) for one in self.interventions):
            raise ValueError(
                f"the probabilities of layer {layer} head {head} were patched, and a trace derives them from queries "
                "and keys; look at the trace of the donor, or at an earlier stage"
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


def _same(a: object, b: object) -> bool:
    """Whether two parts of traces are equal to the bit; NaN equals NaN (an unchecked parity, a statistic undefined)."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        same_kind = a.dtype == b.dtype and a.shape == b.shape
        return same_kind and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    if is_dataclass(a) and is_dataclass(b):
        names = [field.name for field in fields(a)]
        return type(a) is type(b) and all(_same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (isnan(a) and isnan(b))
    return a == b
