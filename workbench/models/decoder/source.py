"""`Decoder`: the `Source` of any transformers decoder whose attention goes through the seam.

Letters: B batch, T tokens, N query heads, G key/value heads, H head width, D model.
"""

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor, nn

from gemma2_workbench.brief import brief
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.own_softmax import is_watched, unwatched
from gemma2_workbench.models.decoder.attention.seam import seat_of
from gemma2_workbench.models.decoder.attention.seat import LOG_SUM, STAGES, Seat, is_at_once
from gemma2_workbench.models.decoder.classifying import Classifying
from gemma2_workbench.models.decoder.passes import at_once_outputs, eager_outputs, seam_outputs
from gemma2_workbench.models.decoder.plumbing import positions_of
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.study.anatomy import Anatomy
from gemma2_workbench.models.decoder.study.linear import linear
from gemma2_workbench.models.decoder.study.norms import NormForm
from gemma2_workbench.models.decoder.trial import trial
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.parity.long_texts import maps_until_taken
from gemma2_workbench.models.tier import tier_words
from gemma2_workbench.models.unembedding import Unembedding
from gemma2_workbench.models.value_norms import value_norms
from gemma2_workbench.models.weights.own_copy import own_modules


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Decoder(Classifying):
    """A decoder switched to the seam, with seats and hook points; what is not said here is said in `Opened`.

    Attributes:
        anatomy: where its parts are.
        norms: the norm that each layer's heads pass on their way to the stream, None without.
        sinks: the learned sinks of each layer, None for layers without.
        unembedding: as of `Source`.
        sinks_apart: whether the maps that it gives are without the sinks' share, which it takes off what they mix.
    """

    anatomy: Anatomy
    sinks: tuple[tuple[float, ...] | None, ...]
    norms: tuple[NormForm | None, ...]
    unembedding: Unembedding | None = None
    sinks_apart: bool = False

    maps_only = ""

    def __repr__(self) -> str:
        return brief(
            self, *self._about, f"{self.model.num_parameters():,} parameters", f"{self.dtype} on {self.device}"
        )

    @property
    def tier(self) -> str:
        """What can be shown, in words."""
        return tier_words()

    @property
    def causal(self) -> bool:
        """Whether later keys are hidden in any layer."""
        return any(layer.causal for layer in self.layers if layer.softmax)

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The attention of every layer as it is now, changes included."""
        return tuple(self._info(layer) for layer in range(self.shape.layers))

    @property
    def points(self) -> frozenset[str]:
        """Which hook points its layers have."""
        stream = {"resid_pre", "resid_post"} if self.anatomy.stream else set[str]()
        return frozenset({*STAGES, *stream, *({"attention_out", "mlp_out"} if self.anatomy.adds else ())})

    def point(self, layer: int | str, what: str) -> str:
        """See `Source`."""
        if isinstance(layer, str):
            container = self.anatomy.layers[0].name.rpartition(".")[0]
            return f"{container}.{layer}.{what}".removeprefix("model.")
        found = self.anatomy.layers[layer]
        holder = found.attention if what in (*STAGES, LOG_SUM) else found.name
        if holder is None:
            raise RefusedError(f"layer {layer} has no softmax, and no hook point {what}")
        return f"{holder}.{what}".removeprefix("model.")

    def log_sum_point(self, layer: int) -> str | None:
        """See `Source`."""
        name = self.anatomy.layers[layer].attention
        if name is None:
            return None
        is_whole = is_at_once(self.model.get_submodule(name), self._seat(layer), self.model.dtype, self.model.device)
        return self.point(layer, LOG_SUM) if is_whole else None

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        """See `Source`; the last states are those of the last layer, before the final norm."""
        last: list[Tensor] = []
        final = self.model.get_submodule(self.anatomy.layers[-1].name)
        handle = final.register_forward_hook(
            lambda _module, _args, out: last.append(out if isinstance(out, Tensor) else out[0])
        )
        name = "inputs_embeds" if inputs.is_floating_point() else "input_ids"
        chosen = torch.tensor(positions or [0], device=inputs.device)
        positions_of(self.model, chosen)
        try:
            self.model(**{name: inputs}, attention_mask=keep_BT, use_cache=False, **self._only(chosen))
        finally:
            positions_of(self.model, None)
            handle.remove()
        return last[-1]

    def _only(self, positions: Tensor) -> dict[str, Tensor]:
        """The argument that spares the logits of other positions, where the model has it."""
        takes = "logits_to_keep" in inspect.signature(type(self.model).forward).parameters
        return {"logits_to_keep": positions} if takes else {}

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        """See `Source`."""
        projection = self._projection(layer)
        if projection is None:
            return torch.zeros(0, v_GTH.shape[1])
        return value_norms(v_GTH.float(), projection.unflatten(1, (self.shape.heads, v_GTH.shape[-1])).movedim(1, 0))

    def _projection(self, layer: int) -> Tensor | None:
        """The weights of the output projection, float32 [D, N * Hv]; None where none is known."""
        name = self.anatomy.layers[layer].projection
        return None if name is None else linear(self.model.get_submodule(name))[0]

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        """See `Source`."""
        found, norm = self.anatomy.layers[layer], self.norms[layer]
        if found.projection is None or found.branches is None:
            raise RefusedError(f"what the heads of layer {layer} add to the residual stream is not known")
        scale = found.branches[0].scale
        weight_DM, bias_D = linear(self.model.get_submodule(found.projection))
        along_TD = along_TD * scale
        constant_T = torch.zeros_like(along_TD[:, 0])
        if norm is not None:
            constant_T = (along_TD * norm.bias()).sum(-1)
            along_TD = norm.pulled(along_TD) / norm.divisor(branch_TD)[:, None]
        return along_TD @ weight_DM, constant_T + (along_TD * bias_D).sum(-1)

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        """See `Source`."""
        with self.lock:
            model = own_modules(self.model)
        return replace(self, model=model, changes=(*self.changes, *changes), lock=threading.RLock())

    def in_blocks(self, rows: int) -> Self:
        """See `Source`."""
        if all(seat.block_rows == rows for seat in self._seats()):
            return self
        ours = self.own_copy()
        for seat in ours._seats():
            seat.block_rows = rows
        return ours

    def round_as_reference(self) -> bool:
        """See `RoundsApart`: attention in blocks from now on, whose operations are those of eager attention."""
        whole = [seat for seat in self._seats() if seat.may_be_whole]
        for seat in whole:
            seat.may_be_whole = False
        return bool(whole)

    def set_softcap(self, layer: int, cap: float | None) -> None:
        """See `Source`."""
        self._seat(layer).cap = cap

    def set_window(self, layer: int, window: int | None) -> None:
        """See `Source`."""
        seat = self._seat(layer)
        seat.rule = replace(seat.rule, window=window)

    def set_causal(self, causal: bool) -> None:
        """See `Source`."""
        for seat in self._seats():
            seat.rule = replace(seat.rule, causal=causal)

    def set_final_softcap(self, cap: float | None) -> None:
        """See `Source`."""
        config = self.model.config.get_text_config()
        if getattr(config, "final_logit_softcapping", None) is None:
            raise ValueError(f"{self.name} has no cap on its final logits to change")
        config.final_logit_softcapping = cap

    def outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        layers = self.anatomy.softmax_layers
        if any(self.log_sum_point(at) is None for at in layers):
            return self.outputs_in_blocks(ids_1T)
        infos = dict(zip(self.anatomy.attentions, map(self._info, layers), strict=True))
        return self.comparable(at_once_outputs(self.model, infos, ids_1T))

    def outputs_in_blocks(self, ids_1T: Tensor) -> Outputs:
        """The same while somebody sees the stages."""
        names = [self.point(at, "attn_probs") for at in self.anatomy.softmax_layers]
        return self.comparable(seam_outputs(self.model, names, ids_1T))

    def comparable(self, ours: Outputs) -> Outputs:
        """Outputs with maps as its own eager attention gives them: perhaps without the share of the sinks."""
        if not self.sinks_apart:
            return ours
        return replace(ours, maps=[probs / probs.sum(-1, keepdim=True) for probs in ours.maps])

    def reference_outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        return eager_outputs(self.reference(), self.anatomy.attentions, ids_1T)

    def reference_maps(self, ids_1T: Tensor, takers: Mapping[int, Callable[[Tensor], None]]) -> None:
        """See `ShortReference`."""
        twin = self.reference()
        modules: dict[nn.Module, Callable[[Tensor], None]] = {}
        for layer, take in takers.items():
            name = self.anatomy.layers[layer].attention
            assert name is not None
            modules[twin.get_submodule(name)] = take
        # Old modules give their maps when they are asked to; the others always do, and would keep those of all layers.
        asked = {"output_attentions": True} if any(map(is_watched, self.model.modules())) else {}
        with torch.no_grad():
            maps_until_taken(lambda: twin(input_ids=ids_1T, use_cache=False, **asked), modules)

    def reference(self) -> nn.Module:
        """See `Source`: the model's own modules, with its own eager attention."""
        twin = own_modules(self.model)
        twin.set_attn_implementation("eager")
        unwatched(twin)
        return twin

    def trial(self, layer: int, tokens: int, rows: int) -> Callable[[], object]:
        """See `Source`."""
        name = self.anatomy.layers[layer].attention
        at = None if name is None else self.model.get_submodule(name)
        return trial(at, self.shape, self.layers[layer].mask, tokens, rows, next(self.model.parameters()))

    def _seat(self, layer: int) -> Seat:
        name = self.anatomy.layers[layer].attention
        if name is None:
            raise ValueError(f"layer {layer} has no softmax to change")
        return seat_of(self.model.get_submodule(name))

    def _seats(self) -> list[Seat]:
        return [self._seat(layer) for layer in self.anatomy.softmax_layers]

    def _info(self, layer: int) -> LayerInfo:
        if self.anatomy.layers[layer].attention is None:
            return LayerInfo(layer, "linear", None, None, 1.0, True, softmax=False)
        seat = self._seat(layer)
        return LayerInfo(
            layer,
            _kind(seat.rule),
            seat.rule.window,
            seat.cap,
            seat.scale,
            seat.rule.causal,
            chunk=seat.rule.chunk,
            sinks=self.sinks[layer],
            prefix=seat.rule.prefix,
        )


def _kind(rule: Mask) -> str:
    """The name of a kind of layer."""
    if rule.chunk is not None:
        return "chunked"
    return "global" if rule.window is None else "local"
