"""Hook points outside attention: torch's own hooks put them where the anatomy found the parts.

A copy of the model shares these hooks and calls them with its own modules, so they find what they need at the module
that they are called with.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import HookPoint
from gemma2_workbench.models.decoder.attention.seam import seat_of
from gemma2_workbench.models.decoder.attention.seat import point
from gemma2_workbench.models.decoder.study.anatomy import Anatomy, Branch
from gemma2_workbench.models.decoder.study.study import first_tensor

_HOME, _SCALE, _POSITIONS = "workbench_home", "workbench_scale", "workbench_positions"


class BranchPoint(HookPoint):
    """A hook point of what a branch adds; hooks are also handed what its last module was given."""

    def forward(self, input: Tensor, span: object = None) -> Tensor:
        """Return `input` unchanged; in place of a span hooks see what the branch's last module was given."""
        return input


def plumb(model: nn.Module, anatomy: Anatomy, head: str | None) -> None:
    """Attach the hook points of the residual stream, of the branches, of the heads' outputs and of the logits.

    Args:
        model: with seats.
        anatomy: where its parts are.
        head: the module that unembeds; None where it is not known.
    """
    for layer in anatomy.layers:
        module = model.get_submodule(layer.name)
        if anatomy.stream:
            module.resid_pre, module.resid_post = HookPoint(), HookPoint()
            module.register_forward_pre_hook(_before_layer, with_kwargs=True)
            module.register_forward_hook(_after_layer)
        if layer.attention is not None and layer.projection is not None:
            attention = model.get_submodule(layer.attention)
            seat_of(attention).projected = True
            projection = model.get_submodule(layer.projection)
            # A tuple, for a module in a module would be its part.
            vars(projection)[_HOME] = (attention,)
            projection.register_forward_pre_hook(_before_projection)
    _plumb_branches(model, anatomy)
    model.final_logits, model.capped_logits = HookPoint(), HookPoint()
    if head is not None:
        unembedding = model.get_submodule(head)
        vars(unembedding)[_HOME] = (model,)
        unembedding.register_forward_hook(_after_head)
    model.register_forward_hook(_after_model)


def _plumb_branches(model: nn.Module, anatomy: Anatomy) -> None:
    if not anatomy.adds:
        return
    for layer in anatomy.layers:
        module = model.get_submodule(layer.name)
        assert layer.branches is not None
        for name, branch in zip(("attention_out", "mlp_out"), layer.branches, strict=True):
            setattr(module, name, BranchPoint())
            _tap(model.get_submodule(branch.name), module, name, branch)


def _tap(source: nn.Module, layer: nn.Module, name: str, branch: Branch) -> None:
    vars(source)[_HOME + name] = (layer,)
    vars(source)[_SCALE + name] = branch.scale
    source.register_forward_hook(_after_attention if name == "attention_out" else _after_mlp)


def _before_layer(module: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The residual stream that a layer is given: its first tensor."""
    if args and isinstance(args[0], Tensor):
        return (point(module, "resid_pre")(args[0]), *args[1:]), keywords
    name = next(name for name, value in keywords.items() if isinstance(value, Tensor) and value.is_floating_point())
    return args, {**keywords, name: point(module, "resid_pre")(keywords[name])}


def _after_layer(module: nn.Module, _args: tuple[Any, ...], out: Any) -> Any:
    return _changed(out, point(module, "resid_post"))


def _before_projection(module: nn.Module, args: tuple[Any, ...]) -> Any:
    (attention,) = vars(module)[_HOME]
    heads = cast(int, seat_of(attention).heads)
    wide_BTM = args[0]
    mixed_BNTH = wide_BTM.unflatten(-1, (heads, -1)).transpose(1, 2)
    new_BNTH = point(attention, "head_out")(mixed_BNTH)
    return args if new_BNTH is mixed_BNTH else (new_BNTH.transpose(1, 2).flatten(2), *args[1:])


def _after_attention(module: nn.Module, args: tuple[Any, ...], out: Any) -> Any:
    return _after_branch(module, args, out, "attention_out")


def _after_mlp(module: nn.Module, args: tuple[Any, ...], out: Any) -> Any:
    return _after_branch(module, args, out, "mlp_out")


def _after_branch(module: nn.Module, args: tuple[Any, ...], out: Any, name: str) -> Any:
    (layer,), scale = vars(module)[_HOME + name], vars(module)[_SCALE + name]
    at = cast(BranchPoint, layer.get_submodule(name))
    given = first_tensor(args)
    if scale == 1:
        return _changed(out, lambda added: at(added, given))
    return _changed(out, lambda added: _unscaled(at, added, given, scale))


def _unscaled(at: BranchPoint, added: Tensor, given: Tensor | None, scale: float) -> Tensor:
    """What a branch adds passes its hook point as it is added; the model scales it afterwards."""
    scaled = added * scale
    new = at(scaled, given)
    return added if new is scaled else new / scale


def _after_head(module: nn.Module, _args: tuple[Any, ...], out: Any) -> Any:
    (model,) = vars(module)[_HOME]
    return _at_positions(model, out, point(model, "final_logits"))


def _after_model(module: nn.Module, _args: tuple[Any, ...], out: Any) -> Any:
    logits = getattr(out, "logits", None)
    if not isinstance(logits, Tensor):
        return out
    out["logits"] = _at_positions(module, logits, point(module, "capped_logits"))
    return out


def positions_of(model: nn.Module, positions: Tensor | None) -> None:
    """Where the final logits are looked at in the next pass; None is at all positions."""
    vars(model)[_POSITIONS] = positions


def _at_positions(model: nn.Module, logits_BTV: Tensor, at: HookPoint) -> Tensor:
    positions = vars(model).get(_POSITIONS)
    if positions is None or logits_BTV.shape[1] == len(positions):
        return at(logits_BTV)
    chosen = logits_BTV[:, positions]
    new = at(chosen)
    return logits_BTV if new is chosen else logits_BTV.index_copy(1, positions, new)


def _changed(out: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """An output with its tensor, or the first of its parts, changed; the very same where nothing changes."""
    first = out if isinstance(out, torch.Tensor) else out[0]
    new = change(first)
    if new is first:
        return out
    return new if isinstance(out, torch.Tensor) else (new, *out[1:])
