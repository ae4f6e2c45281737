"""`row_of`: what the workbench makes of one model type, built tiny."""

import logging
import warnings
from collections import Counter
from dataclasses import dataclass

import torch
import transformers

from benchmarks.decoders.tiny import HEADS, tiny_model
from gemma2_workbench.models.decoder.checks import Differences, differences
from gemma2_workbench.models.decoder.maps_only import MapsOnly
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.decoder.study.heads import longest_of
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.weights.own_copy import own_modules

TOKENS, TOLERANCE = 24, 1e-4


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        model_type: as in config.json, and `/HEAD` where it is no causal language model.
        tier: "staged", "maps only", "refused", or "not built" where no tiny model of it could be made.
        layers: its layers by kind.
        apart: the differences from its own eager forward.
        lens, contributions: whether it has them, exact.
        reason: why not staged, or of which texts.
    """

    model_type: str
    tier: str
    layers: str = ""
    apart: Differences | None = None
    lens: bool = False
    contributions: bool = False
    reason: str = ""


def row_of(model_type: str) -> Row:
    """The line of one model type, or of one with another head: `bert/token`, see `HEADS`."""
    family, _, head = model_type.partition("/")
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity(logging.CRITICAL)
    torch.set_num_threads(1)
    ids_1T = 3 + torch.arange(TOKENS)[None] * 5 % 100
    try:
        model = tiny_model(family, auto=HEADS[head]) if head else tiny_model(family)
        if model.config.is_encoder_decoder:  # whose classifiers look for the end of a text
            ids_1T = torch.cat([ids_1T[:, :-1] + 1, torch.tensor([[2]])], dim=1)
        with torch.no_grad():
            own_modules(model)(input_ids=ids_1T)
    except Exception as error:  # whatever a class raises that generic sizes do not suit
        return Row(model_type, "not built", reason=_short(error))
    try:
        ours = opened(model, None, model_type)
        if isinstance(ours, MapsOnly):
            return Row(model_type, "maps only", _kinds(ours), reason=ours.maps_only)
        apart = differences(ours, ids_1T)
    except RefusedError as error:
        return Row(model_type, "refused", reason=_short(error))
    except Exception as error:
        return Row(model_type, "refused", reason=f"{type(error).__name__}: {_short(error)}")
    exact = apart.largest <= TOLERANCE
    reason = _most(ours, longest_of(model)) if exact else "differs from its own eager forward"
    return Row(
        model_type,
        "staged" if exact else "refused",
        _kinds(ours),
        apart,
        lens=_has_lens(ours),
        contributions=_has_contributions(ours),
        reason=reason,
    )


def _kinds(ours: Source) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(layer.kind for layer in ours.layers).items())


def _has_lens(ours: Decoder) -> bool:
    return ours.unembedding is not None and ours.unembedding.known


def _has_contributions(ours: Decoder) -> bool:
    heads = all(layer.softmax for layer in ours.layers) and all(one.projection for one in ours.anatomy.layers)
    return _has_lens(ours) and ours.anatomy.adds and heads


def _most(ours: Decoder, longest: int) -> str:
    most = ours.shape.longest
    return f"texts of up to {most} tokens, of which no keys are chosen" if most < longest else ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
