"""`staged`: a decoder of transformers whose attention is made ours: switched or watched, studied, given hook points."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from gemma2_workbench.models.decoder.attention.own_softmax import attending, watch
from gemma2_workbench.models.decoder.attention.seam import KEY, Call
from gemma2_workbench.models.decoder.attention.whole_mask import WHOLE
from gemma2_workbench.models.decoder.plumbing import plumb
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.decoder.study.anatomy import Anatomy, anatomy_of
from gemma2_workbench.models.decoder.study.heads import is_speaker, longest_of, read_whole_of
from gemma2_workbench.models.decoder.study.norms import NormForm
from gemma2_workbench.models.decoder.study.study import Study, study
from gemma2_workbench.models.decoder.study.unembedding import unembedding_of
from gemma2_workbench.models.decoder.texts import beyond_windows, text_ids
from gemma2_workbench.models.layers import Shape
from gemma2_workbench.models.reading.quiet import quiet

NO_SWITCH = "its attention cannot be switched: it is not called through transformers' interface"
NO_SOFTMAX = "it has no softmax between two products"


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
    seen = study(model, text_ids(model, beyond_windows(model)))
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


def switch_over(model: Any) -> None:
    """Switch a model to the seam.

    Raises:
        RefusedError: it has no switch; transformers only warns.
    """
    _switch(model, KEY)


def switch_with_whole_mask(model: Any) -> None:
    """Switch a model to attention that is given its mask whole.

    Raises:
        RefusedError: it has no switch.
    """
    _switch(model, WHOLE)


def watch_over(model: Any) -> None:
    """Make the attention ours that a model computes itself.

    Raises:
        RefusedError: there is none, or the model does not run.
    """
    model.set_attn_implementation("eager")
    modules = attending(model, text_ids(model, beyond_windows(model)))
    if not modules:
        raise RefusedError(NO_SOFTMAX)
    watch(modules)


def _switch(model: Any, key: str) -> None:
    with quiet():
        model.set_attn_implementation(key)
    if model.config.get_text_config()._attn_implementation != key:
        raise RefusedError(NO_SWITCH)


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
        longest=read_whole_of(model) if config._attn_implementation == WHOLE else longest_of(model),
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
