"""`Seated`: a decoder whose attention is ours: its layers, their numbers and their hook points.

Letters: N query heads, H head width.
"""

from dataclasses import dataclass

from gemma2_workbench.brief import brief
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.seam import seat_of
from gemma2_workbench.models.decoder.attention.seat import LOG_SUM, STAGES, Seat, is_at_once
from gemma2_workbench.models.decoder.classifying import Classifying
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.study.anatomy import Anatomy
from gemma2_workbench.models.decoder.study.norms import NormForm
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.tier import tier_words
from gemma2_workbench.models.unembedding import Unembedding


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Seated(Classifying):
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
        is_whole = is_at_once(self.model.get_submodule(name), self.seat(layer), self.model.dtype, self.model.device)
        return self.point(layer, LOG_SUM) if is_whole else None

    def seat(self, layer: int) -> Seat:
        """The numbers of the attention of a layer, to be changed in a copy alone.

        Raises:
            ValueError: the layer has no softmax.
        """
        name = self.anatomy.layers[layer].attention
        if name is None:
            raise ValueError(f"layer {layer} has no softmax to change")
        return seat_of(self.model.get_submodule(name))

    @property
    def seats(self) -> list[Seat]:
        """Those of all layers that have a softmax."""
        return [self.seat(layer) for layer in self.anatomy.softmax_layers]

    def _info(self, layer: int) -> LayerInfo:
        if self.anatomy.layers[layer].attention is None:
            return LayerInfo(layer, "linear", None, None, 1.0, True, softmax=False)
        seat = self.seat(layer)
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
