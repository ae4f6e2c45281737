"""`Comparing`: a decoder beside its own eager attention, which its numbers must equal.

Letters: N heads, T tokens.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from gemma2_workbench.models.decoder.attention.own_softmax import is_watched, unwatched
from gemma2_workbench.models.decoder.passes import at_once_outputs, eager_outputs, seam_outputs
from gemma2_workbench.models.decoder.seated import Seated
from gemma2_workbench.models.decoder.study.study import first_tensor
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.parity.long_texts import maps_until_taken
from gemma2_workbench.models.weights.own_copy import own_modules


class Comparing(Seated):
    """What is said of outputs and of the reference in `Source`, `RoundsApart` and `ShortReference`."""

    def outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        layers = self.anatomy.softmax_layers
        if any(self.log_sum_point(at) is None for at in layers):
            return self.outputs_in_blocks(ids_1T)
        infos = [info for info in self.layers if info.softmax]
        named = dict(zip(self.anatomy.attentions, infos, strict=True))
        return self.comparable(at_once_outputs(self.model, named, ids_1T))

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

    def reference_spread(self, ids_1T: Tensor, last: Tensor) -> float:
        """See `RoundsApart`: how far its own sdpa attention is from its eager one, 0 where it has none."""
        if not self.model._supports_sdpa or any(map(is_watched, self.model.modules())):
            return 0.0
        twin = self._twin("sdpa")
        with torch.no_grad():
            other = first_tensor(twin(input_ids=ids_1T, use_cache=False))
        return 0.0 if other is None else float((other.float() - last.float()).abs().max())

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
        return self._twin("eager")

    def _twin(self, attention: str) -> PreTrainedModel:
        """The model's own modules, with attention of transformers."""
        twin = own_modules(self.model)
        twin.set_attn_implementation(attention)
        unwatched(twin)
        return twin

    def round_as_reference(self) -> bool:
        """See `RoundsApart`: attention in blocks from now on, whose operations are those of eager attention."""
        whole = [seat for seat in self.seats if seat.may_be_whole]
        for seat in whole:
            seat.may_be_whole = False
        return bool(whole)
