"""Attention that a model computes itself: a product, a softmax, a product, found among what it calls torch for.

Modules that call no registered function are watched by a torch function mode while they run. What the second product
gives is replaced by our equation on the very queries, keys and values of the model, which pass the same hook points as
those of the seam. That the model's scores are a multiple of q.k, plus perhaps one number for each key (ALiBi), under a
mask of a known rule, is found once and looked at again in every pass.

    score_ij = scale * q_i.k_j + bias_j = scale * [q_i, 1].[k_j, bias_j / scale]

Shapes: B batch, T new tokens, S keys, N query heads, G key/value heads, H head width.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gemma2_workbench.models.decoder.attention.scores import OwnScores
from gemma2_workbench.models.decoder.attention.seam import of_its_own
from gemma2_workbench.models.decoder.refused import RefusedError, staying_as_it_is

_WATCHED = "workbench_watched"  # whether the attention of a module is ours
# What stands between the two products, and what they are.
_SOFTMAX = frozenset({nn.functional.softmax, torch.softmax, Tensor.softmax})
_PRODUCTS = frozenset({torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm})
_WITH_ADDED = frozenset({torch.baddbmm, Tensor.baddbmm})


@dataclass(frozen=True, eq=False)
class Product:
    """A product of two tensors, or one on top of a third."""

    left: Tensor
    right: Tensor
    out: Tensor


class _Watch(TorchFunctionMode):
    """What a module calls torch for; its attention goes to `attends`."""

    def __init__(self, attends: Callable[[Product, Tensor, Tensor], Tensor | None]) -> None:
        super().__init__()
        self._attends = attends
        self._products: list[Product] = []
        self._scored: tuple[Product, Tensor, Tensor] | None = None

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call torch; what the probabilities are multiplied with is mixed by `attends` if it wants to."""
        given = dict(kwargs or {})
        out = func(*args, **given)
        if func in _SOFTMAX and _is_of_rows(args, given, out):
            self._note(args[0] if args else given["input"], out)
        elif func in _PRODUCTS or func in _WITH_ADDED:
            left, right = _factors(func, args, given)
            if self._scored is not None and _same_size(left, self._scored[2]):
                (product, scores, _), self._scored = self._scored, None
                mixed = self._attends(product, scores, right)
                return out if mixed is None else mixed.reshape(out.shape).to(out.dtype)
            self._products.append(Product(left, right, out))
        return out

    def _note(self, scores: Tensor, probs: Tensor) -> None:
        """The scores of the last product of their size."""
        product = next((one for one in reversed(self._products) if _same_size(one.out, scores)), None)
        if product is not None:
            self._scored = product, scores, probs


def _is_of_rows(args: Sequence[Any], given: Mapping[str, Any], out: Tensor) -> bool:
    """Whether a softmax sums over the last dimension."""
    return (args[1] if len(args) > 1 else given.get("dim")) in (-1, out.ndim - 1)


def _factors(func: object, args: Sequence[Any], given: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """The two factors of a product."""
    names = ("input", "batch1", "batch2") if func in _WITH_ADDED else ("input", "mat2")
    other = {"mat2": "other"}
    left, right = [
        args[at] if at < len(args) else given.get(names[at], given.get(other.get(names[at], "")))
        for at in range(len(names) - 2, len(names))
    ]
    return left, right


def _same_size(a: Tensor, b: Tensor) -> bool:
    return a.numel() == b.numel() and a.shape[-2:] == b.shape[-2:]


_running: ContextVar[tuple[_Watch, ...]] = ContextVar("running", default=())


def attending(model: nn.Module, ids_1T: Tensor) -> list[nn.Module]:
    """The innermost modules in which a product, a softmax and a product follow each other when a model reads ids.

    Raises:
        RefusedError: it does not read them, or becomes another model by reading them.
    """
    found: list[nn.Module] = []
    handles = [
        handle
        for module in model.modules()
        for handle in (
            module.register_forward_pre_hook(lambda at, _args: _enter(_Watch(lambda *_: found.append(at) or None))),
            module.register_forward_hook(lambda *_: _leave(), always_call=True),
        )
    ]
    try:
        with torch.no_grad(), staying_as_it_is(model):
            model(input_ids=ids_1T, use_cache=False)
    except (AttributeError, TypeError, IndexError, KeyError, RuntimeError) as error:
        raise RefusedError(f"it does not run on a text alone ({type(error).__name__})") from error
    finally:
        for handle in handles:
            handle.remove()
    once = dict.fromkeys(found)
    return [one for one in once if not any(part is not one and part in once for part in one.modules())]


def watch(modules: Sequence[nn.Module]) -> None:
    """From now on the attention of these modules is ours."""
    for module in modules:
        vars(module)[_WATCHED] = True
        module.register_forward_pre_hook(_before, with_kwargs=True)
        module.register_forward_hook(_after, always_call=True)


def is_watched(module: nn.Module) -> bool:
    """Whether the attention of a module is ours in place of its own."""
    return bool(vars(module).get(_WATCHED))


def unwatched(model: nn.Module) -> None:
    """From now on the attention of this copy is the model's again."""
    for module in model.modules():
        vars(module).pop(_WATCHED, None)


def _before(module: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    if not is_watched(module):
        return
    batch = next(part.shape[0] for part in (*args, *keywords.values()) if isinstance(part, Tensor))

    def attends(product: Product, scores: Tensor, value: Tensor) -> Tensor | None:
        own = OwnScores.of(product.left, product.right, scores, value, batch)
        return of_its_own(module, own)

    _enter(_Watch(attends))


def _after(module: nn.Module, _args: object, _out: object) -> None:
    if is_watched(module):
        _leave()


def _enter(mode: _Watch) -> None:
    _running.set((*_running.get(), mode))
    mode.__enter__()


def _leave() -> None:
    *others, mode = _running.get()
    _running.set(tuple(others))
    mode.__exit__(None, None, None)
