"""`MapsOnly`: a decoder whose softmax is its own: what can be shown are the probabilities that it gives.

Letters: B batch, T tokens, N heads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from gemma2_workbench.brief import brief
from gemma2_workbench.model.hooks import HookPoint, Span
from gemma2_workbench.models.decoder.attention.seat import STAGES, point
from gemma2_workbench.models.decoder.classifying import Classifying
from gemma2_workbench.models.decoder.refused import RefusedError, staying_as_it_is
from gemma2_workbench.models.decoder.study.heads import is_speaker, longest_of
from gemma2_workbench.models.decoder.study.study import first_tensor
from gemma2_workbench.models.decoder.study.unembedding import DecoderUnembedding
from gemma2_workbench.models.decoder.trial import trial
from gemma2_workbench.models.layers import LayerInfo, Shape
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.tier import tier_words

# How far rows may sum to more than 1: probabilities of 16 bits are rounded each by itself.
_CLOSE, _ROUGH = 1e-3, 3e-2


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MapsOnly(Classifying):
    """A decoder run as it is, with `output_attentions`; what is not said here is said in `Opened` and `Source`.

    Attributes:
        maps_only: why its stages cannot be shown.
        layers: which maps there are.
        unembedding: knows the vocabulary alone; None where it predicts no next tokens.
    """

    layers: tuple[LayerInfo, ...]
    maps_only: str
    unembedding: DecoderUnembedding | None

    points = frozenset(STAGES)

    def __repr__(self) -> str:
        return brief(self, *self._about, "maps only")

    @property
    def tier(self) -> str:
        """What can be shown, in words."""
        return tier_words(self.maps_only)

    @property
    def causal(self) -> bool:
        """Whether later keys are hidden."""
        return self.layers[0].causal

    def point(self, layer: int | str, what: str) -> str:
        """See `Source`: the points stand in a list of their own, for the model calls none."""
        return f"workbench_maps.{layer}.{what}"

    def log_sum_point(self, layer: int) -> str | None:
        """See `Source`: its maps pass the stages' own points."""
        return None

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        """See `Source`; the maps pass their hook points after the pass. What it gives is what the model puts out."""
        out, maps = _pass(self.model, inputs, keep_BT)
        _check(maps, inputs.shape[1], self.maps_only)
        for at, probs_BNTT in zip(cast(nn.ModuleList, self.model.workbench_maps), maps, strict=True):
            _through(at, probs_BNTT)
        if positions:
            chosen = out[:, list(positions)]
            point(self.model, "capped_logits")(point(self.model, "final_logits")(chosen))
        return out

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        """See `Source`: not known."""
        return torch.zeros(0, v_GTH.shape[1])

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        """See `Source`."""
        raise RefusedError(self.tier)

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        """See `Source`.

        Raises:
            RefusedError: it cannot be changed.
        """
        raise RefusedError(f"{self.name} shows {self.tier}; nothing in it can be changed or taken out")

    def in_blocks(self, rows: int) -> Self:
        """See `Source`: its maps come whole."""
        return self

    def set_softcap(self, layer: int, cap: float | None) -> None:
        """See `Source`."""
        self.own_copy()

    def set_window(self, layer: int, window: int | None) -> None:
        """See `Source`."""
        self.own_copy()

    def set_causal(self, causal: bool) -> None:
        """See `Source`."""
        self.own_copy()

    def set_final_softcap(self, cap: float | None) -> None:
        """See `Source`."""
        self.own_copy()

    @property
    def reference_name(self) -> str:
        """See `Source`."""
        return f"{super().reference_name} (maps only)"

    def outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        out, maps = _pass(self.model, ids_1T, None)
        return Outputs(out, maps)

    def reference_outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`: its own forward is what it is compared with."""
        return self.outputs(ids_1T)

    def reference(self) -> nn.Module:
        """See `Source`."""
        return self.model

    def trial(self, layer: int, tokens: int, rows: int) -> Callable[[], object]:
        """See `Source`."""
        return trial(None, self.shape, self.layers[layer].mask, tokens, rows, next(self.model.parameters()))


def maps_only(model: Any, tokenizer: Any, reason: str, ids_1T: Tensor, **about: Any) -> MapsOnly:
    """A source of a model whose maps alone are known.

    Args:
        model, tokenizer: of transformers.
        reason: why its stages are not.
        ids_1T: some text.
        about: name, source, revision, weights_sha256, weights.

    Raises:
        RefusedError: what it gives as attentions is no attention, or it gives none.
    """
    with torch.no_grad(), staying_as_it_is(model):
        model.set_attn_implementation("eager")
        try:
            out, maps = _pass(model, ids_1T, None)
        except (AttributeError, TypeError, IndexError, KeyError, ValueError, RuntimeError) as error:
            raise RefusedError(f"{reason}; and it does not run on a text alone ({error})") from error
    _check(maps, ids_1T.shape[1], reason)
    N, width = maps[0].shape[1], model.config.get_text_config().hidden_size
    model.workbench_maps = nn.ModuleList([_stages() for _ in maps])
    model.final_logits, model.capped_logits = HookPoint(), HookPoint()
    causal = [bool((probs.triu(1) == 0).all()) for probs in maps]
    return MapsOnly(
        model=model,
        tokenizer=tokenizer,
        shape=Shape(len(maps), N, N, 0, width, 4 * width, longest=longest_of(model)),
        layers=tuple(LayerInfo(at, "global", None, None, 1.0, all(causal), staged=False) for at in range(len(maps))),
        maps_only=reason,
        unembedding=DecoderUnembedding(model, out.shape[-1], None, "its maps alone are known")
        if is_speaker(model)
        else None,
        **about,
    )


def _pass(model: Any, inputs: Tensor, keep_BT: Tensor | None) -> tuple[Tensor, list[Tensor]]:
    """What the model puts out, and its maps."""
    given = {} if keep_BT is None else {"attention_mask": keep_BT}
    with torch.no_grad():
        out = model(input_ids=inputs, output_attentions=True, use_cache=False, **given)
    # Of an encoder and a decoder, those of the encoder, which reads the text as it is.
    found = getattr(out, "attentions", None) or getattr(out, "encoder_attentions", None) or ()
    puts_out = first_tensor(out)
    if puts_out is None:
        raise RefusedError("it puts out no numbers")
    return puts_out, [probs for probs in found if isinstance(probs, Tensor)]


def _check(maps: Sequence[Tensor], tokens: int, reason: str) -> None:
    """Refuse what is no attention map: shapes, and rows that sum to more than 1."""
    shapes = {tuple(probs.shape) for probs in maps}
    if not maps or len(shapes) > 1 or next(iter(shapes))[2:] != (tokens, tokens):
        raise RefusedError(f"{reason}; and it gives no attention maps, one of T x T for each layer")
    close = _CLOSE if maps[0].dtype == torch.float32 else _ROUGH
    sums = torch.stack([probs.float().sum(-1).max() for probs in maps])
    if any(bool((probs < 0).any()) for probs in maps) or bool((sums > 1 + close).any()):
        raise RefusedError(f"{reason}; and the rows of what it gives as attentions are no probabilities")


def _stages() -> nn.Module:
    return nn.ModuleDict({name: HookPoint() for name in STAGES})


def _through(at: nn.Module, probs_BNTT: Tensor) -> None:
    """A map through the hook points of its layer; what is not known is NaN, or has no width."""
    T = probs_BNTT.shape[-1]
    span, nothing = Span(range(T), range(T)), probs_BNTT.new_zeros(*probs_BNTT.shape[:3], 0)
    for name, value in (("q_rot", probs_BNTT), ("k_rot", nothing), ("v", nothing)):
        point(at, name)(value)
    point(at, "attn_logits")(torch.full_like(probs_BNTT, torch.nan), span)
    # The logarithm of a probability is a logit: the one whose exponentials sum to 1.
    point(at, "attn_scores")(probs_BNTT.clamp(min=torch.finfo(probs_BNTT.dtype).tiny).log(), span)
    point(at, "attn_probs")(probs_BNTT, span)
    point(at, "head_out")(nothing)
