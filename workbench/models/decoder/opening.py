"""`opened`: a decoder of transformers made a `Source`: switched to the seam, studied, given hook points, compared.

Letters: B batch, T tokens, D model.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from gemma2_workbench.models.decoder.attention.own_softmax import attending, watch
from gemma2_workbench.models.decoder.attention.seam import KEY, Call
from gemma2_workbench.models.decoder.maps_only import MapsOnly, maps_only
from gemma2_workbench.models.decoder.plumbing import plumb
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.shared_layers import unshared
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.decoder.study.anatomy import Anatomy, anatomy_of
from gemma2_workbench.models.decoder.study.heads import is_speaker, labels_of, longest_of, text_token, words_of
from gemma2_workbench.models.decoder.study.norms import NormForm
from gemma2_workbench.models.decoder.study.study import Study, first_tensor, study
from gemma2_workbench.models.decoder.study.unembedding import unembedding_of
from gemma2_workbench.models.layers import Shape
from gemma2_workbench.models.parity.statement import TOLERANCE
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.models.weights.own_copy import own_modules

STUDIED = 16  # tokens of the pass that is watched
_LONGEST = 1024  # the longest window that is looked for
NO_SWITCH = "its attention cannot be switched: it is not called through transformers' interface"
NO_SOFTMAX = "it has no softmax between two products"
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
        about["text_token"] = text_token(own_modules(model), _ids(model))
    reasons: list[str] = []
    for switch in (_switch, _watch):
        try:
            ours = _equal(staged(unshared(own_modules(model)), tokenizer, switch, **about), own_modules(model))
        except RefusedError as error:
            reasons.append(str(error))
        else:
            return ours
    # Of a model that calls nothing registered, the second says more.
    reason = reasons[1] if reasons[0] == NO_SWITCH and reasons[1] != NO_SOFTMAX else reasons[0]
    return maps_only(model, tokenizer, reason, _ids(model), **about)


def _equal(ours: Decoder, model: Any) -> Decoder:
    """The decoder, if its logits and maps are those of its own eager forward.

    Args:
        ours: the decoder.
        model: as it was given.

    Raises:
        RefusedError: they are not.
    """
    ids_1T = _ids(ours.model)
    its = ours.reference_outputs(ids_1T)
    ours = replace(ours, sinks_apart=any(ours.sinks) and _sums_to_one(its.maps))
    with torch.no_grad():
        given = first_tensor(model(input_ids=ids_1T, use_cache=False))
    pairs = [] if given is None else [(its.last, given)]
    for one in (ours.outputs(ids_1T), ours.outputs_in_blocks(ids_1T)):
        pairs += [(one.last, its.last), *zip(one.maps, its.maps, strict=True)]
    apart = max(float((a.float() - b.float()).abs().max()) for a, b in pairs)
    if not apart <= TOLERANCE[ours.dtype]:
        raise RefusedError(f"its numbers through our equation differ from its own eager forward by {apart:.1e}")
    return ours


def _sums_to_one(maps: Sequence[torch.Tensor]) -> bool:
    return all(bool(((probs.float().sum(-1) - 1).abs() < 1e-2).all()) for probs in maps)


def staged(model: Any, tokenizer: Any, switch: Callable[[Any], None], **about: Any) -> Decoder:
    """A `Source` with all stages of a transformers model, which becomes its own.

    Args:
        model, tokenizer: of transformers.
        switch: makes its attention ours.
        about: name, source, revision, weights_sha256, weights, text_token.

    Raises:
        RefusedError: its attention cannot be shown exactly; the message says why.
    """
    model.eval()
    switch(model)
    seen = study(model, _ids(model, _beyond_windows(model)))
    anatomy = anatomy_of(model, seen)
    _check_heads(seen)
    norms = _norms(model, seen, anatomy)
    if norms is None:
        anatomy = anatomy.without_branches()
    plumb(model, anatomy, _head(model))
    return Decoder(
        **about,
        model=model,
        tokenizer=tokenizer,
        anatomy=anatomy,
        shape=_shape(model, seen, anatomy),
        sinks=_sinks(model, seen, anatomy),
        norms=norms or (None,) * len(anatomy.layers),
        unembedding=unembedding_of(model, seen, anatomy.layers[-1].name, anatomy.stream) if is_speaker(model) else None,
    )


def _switch(model: Any) -> None:
    """Switch a model to the seam.

    Raises:
        RefusedError: it has no switch; transformers only warns.
    """
    with quiet():
        model.set_attn_implementation(KEY)
    if model.config.get_text_config()._attn_implementation != KEY:
        raise RefusedError(NO_SWITCH)


def _watch(model: Any) -> None:
    """Make the attention ours that a model computes itself.

    Raises:
        RefusedError: there is none, or the model does not run.
    """
    model.set_attn_implementation("eager")
    modules = attending(model, _ids(model, _beyond_windows(model)))
    if not modules:
        raise RefusedError(NO_SOFTMAX)
    watch(modules)


def _ids(model: Any, length: int = STUDIED) -> torch.Tensor:
    """Ids that every vocabulary has, different ones; the last ends a text where a classifier looks for its end."""
    words = words_of(model)
    vocabulary = 128 if words is None else words.num_embeddings  # bytes or characters, where it has no table
    ids_1T = (3 + torch.arange(length, device=model.device) * 7 % max(vocabulary - 4, 1))[None]
    end = getattr(model.config, "eos_token_id", None)
    if model.config.is_encoder_decoder and isinstance(end, int):
        ids_1T[ids_1T == end] += 1
        ids_1T[:, -1] = end
    return ids_1T


def _beyond_windows(model: Any) -> int:
    """Tokens of a text that reaches beyond a window which a model makes itself, where its configuration tells it."""
    if model.config.get_text_config()._attn_implementation == KEY:
        return STUDIED  # transformers asks for the mask as a function, which knows no length
    said = vars(model.config.get_text_config()).items()
    windows = [value for name, value in said if "window" in name and isinstance(value, int) and value <= _LONGEST]
    return min(max([STUDIED, *(window + 8 for window in windows)]), longest_of(model))


def _check_heads(seen: Study) -> None:
    counts = sorted({call.query.shape[1] for call in seen.calls})
    if len(counts) > 1:
        raise RefusedError(f"its layers have {' and '.join(map(str, counts))} heads; one number for all is known")


def _head(model: Any) -> str | None:
    """The name of the module that unembeds."""
    head = model.get_output_embeddings()
    return next((name for name, module in model.named_modules() if module is head), None)


def _shape(model: Any, seen: Study, anatomy: Anatomy) -> Shape:
    config = model.config.get_text_config()
    first: Call = seen.calls[0]
    layer = seen.steps.get(anatomy.layers[0].name)
    width = layer.gave.shape[-1] if layer is not None and layer.gave is not None else config.hidden_size
    return Shape(
        layers=len(anatomy.layers),
        heads=first.query.shape[1],
        kv_heads=first.key.shape[1],
        head_width=first.query.shape[-1],
        width=width,
        mlp_width=getattr(config, "intermediate_size", None) or 4 * width,
        longest=longest_of(model),
    )


def _norms(model: nn.Module, seen: Study, anatomy: Anatomy) -> tuple[NormForm | None, ...] | None:
    """The norm between each output projection and the residual stream, None where there is none; of layers with both.

    None in place of all where something else stands between them.
    """
    found: list[NormForm | None] = []
    for layer in anatomy.layers:
        if layer.branches is None or layer.projection is None:
            found.append(None)
            continue
        step, gave = seen.steps[layer.branches[0].name], seen.steps[layer.projection].gave
        if _same(gave, step.gave):
            found.append(None)
            continue
        form = NormForm.of(model.get_submodule(step.name), step) if _same(gave, step.given) else None
        if form is None:
            return None
        found.append(form)
    return tuple(found)


def _same(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    return a is not None and b is not None and torch.equal(a, b)


def _sinks(model: nn.Module, seen: Study, anatomy: Anatomy) -> tuple[tuple[float, ...] | None, ...]:
    """The learned sinks of each layer."""
    by_module = {call.module: call.keywords.get("s_aux") for call in seen.calls}
    found: list[tuple[float, ...] | None] = []
    for layer in anatomy.layers:
        sinks = None if layer.attention is None else by_module[model.get_submodule(layer.attention)]
        found.append(None if sinks is None else tuple(sinks.detach().float().flatten().tolist()))
    return tuple(found)
