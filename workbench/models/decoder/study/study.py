"""`Study`: one pass of a decoder that is watched: what every module is given and gives, and every call of attention."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.models.decoder.attention.seam import Call, listening
from gemma2_workbench.models.decoder.refused import RefusedError

# How the reason begins where a model does not take its mask as it is.
OWN_MASK = "it works on its mask itself"


@dataclass(frozen=True, eq=False)
class Step:
    """What one module did, the last time it ran.

    Attributes:
        name: of the module in the model.
        given: its first tensor [B, T, ...], None where it has none.
        gave: its output, or the first part of it.
        call: the arguments, with which it can be run again.
    """

    name: str
    given: Tensor | None
    gave: Tensor | None
    call: tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Study:
    """A pass that was watched.

    Attributes:
        calls: of attention, in their order.
        steps: of the modules by name, in the order in which they ended.
        logits: [B, T, V].
    """

    calls: tuple[Call, ...]
    steps: dict[str, Step]
    logits: Tensor


def study(model: nn.Module, ids_BT: Tensor) -> Study:
    """Run the model once and write down what its modules do.

    Raises:
        RefusedError: its attention does what is not known.
    """
    steps: dict[str, Step] = {}
    with torch.no_grad(), listening() as calls, _watched(model, steps):
        try:
            logits = first_tensor(model(input_ids=ids_BT, use_cache=False))
        except (AttributeError, TypeError, IndexError, KeyError, RuntimeError) as error:
            said = str(error).strip().rpartition("\n")[2]  # before it, torch may print a whole model
            raise RefusedError(f"{OWN_MASK} ({type(error).__name__}: {said})") from error
    if logits is None:
        raise RefusedError("it gives no logits")
    return Study(tuple(calls), steps, logits)


@contextmanager
def _watched(model: nn.Module, steps: dict[str, Step]) -> Iterator[None]:
    with ExitStack() as stack:
        for name, module in model.named_modules():
            stack.callback(module.register_forward_hook(_writer(name, steps), with_kwargs=True).remove)
        yield


def _writer(name: str, steps: dict[str, Step]) -> Any:
    def write(_module: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any], out: object) -> None:
        given = first_tensor([*args, *keywords.values()])
        # Copies: the model may go on in the same memory.
        steps.pop(name, None)
        steps[name] = Step(name, _copy(given), _copy(first_tensor(out)), (args, keywords))

    return write


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().clone()


def first_tensor(value: object) -> Tensor | None:
    """The first floating-point tensor of a tensor, a sequence or a model output."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return next((tensor for part in value if (tensor := first_tensor(part)) is not None), None)
    return None
