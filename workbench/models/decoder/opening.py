"""`opened`: a model of transformers as a `Source`: with all stages where they are proven exact, else with its maps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from gemma2_workbench.models.decoder.maps_only import MapsOnly, maps_only
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.shared_layers import unshared
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.decoder.staging import (
    NO_SOFTMAX,
    NO_SWITCH,
    staged,
    switch_over,
    switch_with_whole_mask,
    watch_over,
)
from gemma2_workbench.models.decoder.study.heads import labels_of, text_token
from gemma2_workbench.models.decoder.study.study import OWN_MASK, first_tensor
from gemma2_workbench.models.decoder.texts import text_ids
from gemma2_workbench.models.parity.statement import TOLERANCE
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.models.weights.own_copy import own_modules

_AS_STORED = WeightsInfo()


def opened(
    model: Any,
    tokenizer: Any,
    name: str,
    *,
    source: str = "",
    revision: str | None = None,
    weights_sha256: str | None = None,
    weights: WeightsInfo = _AS_STORED,
) -> Decoder | MapsOnly:
    """A `Source` of a transformers model, which becomes its own: nobody else is to run or change it.

    Raises:
        RefusedError: neither its stages nor its maps can be shown; the message says why.
    """
    about: dict[str, Any] = {
        "name": name,
        "source": source or name,
        "revision": revision,
        "weights_sha256": weights_sha256,
        "weights": weights,
    }
    if labels_of(model) == "sequence":
        about["text_token"] = text_token(own_modules(model), text_ids(model))
    said = ""
    for switch in (switch_over, switch_with_whole_mask, watch_over):
        if switch is switch_with_whole_mask and not said.startswith(OWN_MASK):
            continue
        try:
            ours = _equal(staged(unshared(own_modules(model)), tokenizer, switch, **about), own_modules(model))
        except RefusedError as error:
            reason = str(error)
        else:
            return ours
        # The first reason is the one, but of a model that calls nothing registered or takes parts of its mask.
        if not said or reason != NO_SOFTMAX and (said == NO_SWITCH or switch is switch_with_whole_mask):
            said = reason
    return maps_only(model, tokenizer, said, text_ids(model), **about)


def _equal(ours: Decoder, model: Any) -> Decoder:
    """The decoder, if its logits and maps are those of its own eager forward.

    Args:
        ours: the decoder.
        model: as it was given.

    Raises:
        RefusedError: they are not.
    """
    ids_1T = text_ids(ours.model)
    its = ours.reference_outputs(ids_1T)
    ours = replace(ours, sinks_apart=any(ours.sinks) and _sums_to_one(its.maps))
    with torch.no_grad():
        given = first_tensor(model(input_ids=ids_1T, use_cache=False))
    pairs = [] if given is None else [(its.last, given)]
    for one in (ours.outputs(ids_1T), ours.outputs_in_blocks(ids_1T)):
        pairs += [(one.last, its.last), *zip(one.maps, its.maps, strict=True)]
    apart = max(float((a.float() - b.float()).abs().max()) for a, b in pairs)
    if not apart <= TOLERANCE[ours.dtype] and ours.round_as_reference():
        return _equal(ours, model)
    if not apart <= TOLERANCE[ours.dtype]:
        raise RefusedError(f"its numbers through our equation differ from its own eager forward by {apart:.1e}")
    return ours


def _sums_to_one(maps: Sequence[torch.Tensor]) -> bool:
    return all(bool(((probs.float().sum(-1) - 1).abs() < 1e-2).all()) for probs in maps)
