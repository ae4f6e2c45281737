"""Numbers that are no numbers: NaN and infinity are found where a model is run, with the first place they come from."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn

# Before the mask: a softcap bends an infinite logit back, and hidden cells may hold anything.
NOT_JUDGED = ("attn_logits", "attn_scores")
_PARTS = {"self_attn": "attention", "mlp": "MLP", "embed_tokens": "the embedding", "norm": "the final norm"}
_HEADS = ("lm_head", "score", "final_logits", "capped_logits", "dropout")


_ADVICE = "load it with another dtype (bfloat16 or float32), and undo what was changed in it"


class NotFiniteError(ValueError):
    """A model computes NaN or infinity; the message says where first, and whether its weights hold them."""


def check_finite(model: nn.Module, again: Callable[[], object], *outputs: Tensor) -> None:
    """Refuse outputs with NaN or infinity; costs one look at them where all is well.

    Args:
        model: what computed them.
        again: runs the model on the same inputs once more, by which the place is found.
        outputs: any shapes. The last hidden states show what happens at any position: the residual stream keeps it.

    Raises:
        NotFiniteError: naming the first place where it happens, and the parameter that holds such numbers.
    """
    if not all(_is_finite(output) for output in outputs):
        raise NotFiniteError(f"the model computes NaN or infinity, first in {_first_place(model, again)}")


def check_weights(model: nn.Module) -> None:
    """Refuse weights with NaN or infinity, before training changes them; reads all of them once.

    Raises:
        NotFiniteError: naming the parameter.
    """
    damaged = _damaged(model)
    if damaged is not None:
        raise NotFiniteError(f"the model cannot be used: {_weights_words(model, *damaged)}")


def _first_place(model: nn.Module, again: Callable[[], object]) -> str:
    """Where it happens first, and why."""
    found: list[tuple[str, nn.Module, bool]] = []

    def look(name: str, module: nn.Module, args: tuple[object, ...], out: object) -> None:
        if not found:
            given = all(_is_finite(arg) for arg in args)
            if not (given and _is_finite(out)):
                found.append((name, module, given))

    with torch.no_grad(), ExitStack() as stack:
        for name, module in model.named_modules():
            if not any(module.children()) and name.rpartition(".")[2] not in NOT_JUDGED:
                stack.callback(module.register_forward_hook(partial(look, name)).remove)
        again()
    if not found:
        return f"its gradients or its last step, which {_dtype(model)} does not hold; {_ADVICE}"
    name, module, given = found[0]
    # What is given from outside (embeddings, a hook's values) may come from a weight that did not run this time.
    damaged = (_damaged(module) if given else None) or _damaged(model)
    place = f"{'' if given else 'what goes into '}{_words(name)}"
    if damaged is None:
        most = torch.finfo(_dtype_of(model)).max
        return f"{place}: it grows beyond {most:.3g}, the most that {_dtype(model)} holds; {_ADVICE}"
    return f"{place}: {_weights_words(model, *damaged)}"


def _damaged(module: nn.Module) -> tuple[str, Tensor] | None:
    """The first parameter that holds NaN or infinity, with its name; weights that lie elsewhere are passed over."""
    for name, weight in module.named_parameters():
        if weight.device.type != "meta" and not _is_finite(weight):
            return name, weight
    return None


def _weights_words(model: nn.Module, name: str, weight: Tensor) -> str:
    """What is wrong with a parameter, under its name in the whole model."""
    full = next((known for known, other in model.named_parameters() if other is weight), name)
    kind = "NaN" if bool(weight.isnan().any()) else "infinity"
    count = int((~weight.isfinite()).sum())
    cause = "the checkpoint is damaged, get it anew or take an earlier one"
    if kind == "infinity" and weight.dtype == torch.float16:  # the file may hold them in a wider dtype
        cause = f"float16 holds nothing beyond {torch.finfo(torch.float16).max:,.0f}, {_ADVICE}; else {cause}"
    return f"its weights {full} hold {kind} ({count:,} of {weight.numel():,} numbers); {cause}"


def _words(name: str) -> str:
    """A module in words, its name in brackets where the words leave it open."""
    parts = name.removeprefix("model.").split(".")
    if parts[0] in _HEADS:
        return f"the head ({parts[0]})"
    if parts[0] != "layers" or len(parts) < 3:
        return _PARTS.get(parts[0], name)
    kind = _PARTS.get(parts[2], "norm" if "norm" in parts[2] else "residual stream")
    return f"layer {parts[1]} {kind} ({parts[-1]})"


def _is_finite(value: object) -> bool:
    return not isinstance(value, Tensor) or bool(value.isfinite().all())


def _dtype_of(model: nn.Module) -> torch.dtype:
    return next(weight.dtype for weight in model.parameters() if weight.is_floating_point())


def _dtype(model: nn.Module) -> str:
    return str(_dtype_of(model)).removeprefix("torch.")
