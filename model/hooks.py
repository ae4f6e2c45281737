"""Hook points: named identity modules at every stage of the model, found by name and watched with torch's own hooks.

A hook is any callable that `torch.nn.Module.register_forward_hook` takes: `(module, args, out)`. Returning a tensor
replaces the stage, returning None only reads it. Block stages pass `args = (tensor, Span)`.
"""

import difflib
import fnmatch
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

Hook = Callable[[nn.Module, tuple[Any, ...], Any], Any]

# What attention and MLP add to the residual stream is the output of these norms: they need no point of their own.
BRANCH_OUTPUTS = ("post_attention_layernorm", "post_feedforward_layernorm")


# The marks of a hook that keeps nothing, and of one that forgets a stage with its block.
_AT_ONCE, _MEMORY = "reads_at_once", "memory_for_the_next"

Memory = Callable[[Tensor], Tensor]


def reads_at_once(hook: Hook) -> Hook:
    """Mark a hook that keeps no reference to the tensor: the model may overwrite the stage, as in a plain pass."""
    setattr(hook, _AT_ONCE, True)
    return hook


def reads_within_block(hook: Hook, memory: Memory) -> Hook:
    """Mark a hook that keeps a stage no longer than the model is at its block, and lends memory for the next stage.

    Args:
        hook: what is marked.
        memory: gives a tensor like the stage, with any contents; the same one at every block, so that a pass needs no
            fresh memory for its blocks.
    """
    setattr(hook, _MEMORY, memory)
    return hook


@dataclass(frozen=True)
class Span:
    """The absolute query rows and key columns that one block of an attention map covers (cache included)."""

    rows: range
    keys: range


class HookPoint(nn.Identity):
    """A named place where one tensor can be read or replaced; without hooks it returns its input."""

    def forward(self, input: Tensor, span: Span | None = None) -> Tensor:
        """Return `input` [any shape] unchanged; `span` only tells hooks which block they see."""
        return input

    @property
    def watched(self) -> bool:
        """Whether a hook is attached."""
        return bool(self._forward_hooks or self._forward_pre_hooks or self._backward_hooks)

    @property
    def kept(self) -> bool:
        """Whether a hook may keep what it is handed; the model then does not touch it again. See `reads_at_once`."""
        return not self._all(_AT_ONCE)

    @property
    def passing(self) -> bool:
        """Whether every hook forgets what it is handed before the model is at the next block."""
        return self._all(_AT_ONCE, _MEMORY)

    def lent(self, stage: Tensor) -> Tensor | None:
        """Memory for the stage that follows `stage`, where a hook lends some; see `reads_within_block`."""
        lenders: list[Memory] = [
            getattr(hook, _MEMORY) for hook in self._forward_hooks.values() if hasattr(hook, _MEMORY)
        ]
        return lenders[0](stage) if lenders else None

    def _all(self, *marks: str) -> bool:
        """Whether all hooks have one of these marks."""
        others = self._forward_pre_hooks or self._backward_hooks
        hooks = self._forward_hooks.values()
        return not others and all(any(hasattr(hook, mark) for mark in marks) for hook in hooks)


def catalogue(model: nn.Module) -> dict[str, nn.Module]:
    """Every hook point of a Gemma 2 model by its name relative to the trunk, in the order of computation.

    `layers.0.self_attn.attn_probs` is the same name for the bare trunk, the language model and the classifiers.
    """
    return {
        name.removeprefix("model."): module
        for name, module in model.named_modules()
        if isinstance(module, HookPoint) or name.rpartition(".")[2] in BRANCH_OUTPUTS
    }


def points(model: nn.Module, pattern: str = "*") -> dict[str, nn.Module]:
    """The hook points whose names match `pattern` (`fnmatch` wildcards: `layers.*.self_attn.attn_probs`).

    Raises:
        KeyError: nothing matches; the message names the nearest existing points.
    """
    return _matching(catalogue(model), pattern)


def _matching(known: Mapping[str, nn.Module], pattern: str) -> dict[str, nn.Module]:
    """The points of a catalogue whose names match; a name that is in it is no pattern and need not be searched."""
    if pattern in known:
        return {pattern: known[pattern]}
    found = {name: known[name] for name in known if fnmatch.fnmatchcase(name, pattern)}
    if not found:
        nearest = difflib.get_close_matches(pattern, known, n=3, cutoff=0.0)
        raise KeyError(
            f"no hook point matches {pattern!r}; nearest: {', '.join(map(repr, nearest))}. "
            "List all of them with points(model)."
        )
    return found


@contextmanager
def attached(model: nn.Module, *hooks: Mapping[str, Hook]) -> Iterator[None]:
    """Attach `hooks` ({name or pattern: hook}) inside a `with` block; none is left behind, on exceptions too.

    Several mappings, attached in their order, may name one point. All names are resolved before the first hook is
    attached, so a wrong name attaches nothing.

    Raises:
        KeyError: a name matches no hook point.
        TypeError: a hook is not callable.
    """
    pairs = [pair for mapping in hooks for pair in mapping.items()]
    for name, hook in pairs:
        if not callable(hook):
            raise TypeError(f"the hook for {name!r} is {type(hook).__name__}, not a callable (module, args, out)")
    known = catalogue(model) if pairs else {}
    resolved = [(module, hook) for name, hook in pairs for module in _matching(known, name).values()]
    with ExitStack() as stack:
        for module, hook in resolved:
            stack.callback(module.register_forward_hook(hook).remove)
        yield
