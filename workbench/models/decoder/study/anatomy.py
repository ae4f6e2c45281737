"""`Anatomy`: where the parts of a decoder are, found in a pass and not by their names.

A part is what it does: the output projection reads what attention gives; what attention and MLP add to the residual
stream are the two outputs whose sum is what a layer changes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from gemma2_workbench.models.decoder.attention.seam import Call
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.study.gates import gated_projection
from gemma2_workbench.models.decoder.study.linear import is_linear
from gemma2_workbench.models.decoder.study.study import Step, Study

_CLOSE = 1e-5


@dataclass(frozen=True)
class Branch:
    """What attention or MLP adds to the residual stream: the output of a module, times a number."""

    name: str
    scale: float


@dataclass(frozen=True)
class Layer:
    """The parts of one layer, by the names of their modules in the model.

    Attributes:
        name: the layer itself.
        attention: what calls attention; None where the layer has no softmax.
        projection: what reads the outputs of the heads side by side; None where nothing reads them as they are.
        branches: what attention and MLP add; None where the layer does not change its stream by two sums.
    """

    name: str
    attention: str | None
    projection: str | None = None
    branches: tuple[Branch, Branch] | None = None


@dataclass(frozen=True)
class Anatomy:
    """The parts of a decoder.

    Attributes:
        layers: in order.
        stream: whether the layers hand on one residual stream [B, T, D].
    """

    layers: tuple[Layer, ...]
    stream: bool

    @property
    def adds(self) -> bool:
        """Whether every layer changes the stream by what its attention and its MLP add."""
        return self.stream and all(layer.branches is not None for layer in self.layers)

    @property
    def softmax_layers(self) -> tuple[int, ...]:
        """Layers with attention maps."""
        return tuple(at for at, layer in enumerate(self.layers) if layer.attention is not None)

    @property
    def attentions(self) -> tuple[str, ...]:
        """The modules that attend, in the order of their layers."""
        return tuple(layer.attention for layer in self.layers if layer.attention is not None)

    def without_branches(self) -> "Anatomy":
        """The same where it is not known what attention and MLP add to the stream."""
        return replace(self, layers=tuple(replace(layer, branches=None) for layer in self.layers))


def anatomy_of(model: nn.Module, seen: Study) -> Anatomy:
    """The parts of a model that was watched.

    Raises:
        RefusedError: its attention is not one call for each layer that has any.
    """
    if not seen.calls:
        raise RefusedError("no softmax of it goes through transformers' attention interface")
    names = {module: name for name, module in model.named_modules()}
    called = [names[call.module] for call in seen.calls]
    several = [name for name, count in Counter(called).items() if count > 1]
    if several:
        raise RefusedError(
            f"{several[0]} attends {Counter(called)[several[0]]} times in one pass; one map each is known"
        )
    containers = {_container(model, name) for name in called}
    if len(containers) > 1:
        raise RefusedError(f"its layers stand in {len(containers)} stacks ({', '.join(sorted(containers))})")
    (container,) = containers
    layers: list[Layer] = []
    for at in range(len(model.get_submodule(container)._modules)):
        layer = f"{container}.{at}"
        own = [call for call in seen.calls if f"{names[call.module]}.".startswith(f"{layer}.")]
        # A layer that attends several times is several layers, between whose parts no stream is known.
        for call in own or [None]:
            found = _layer(model, layer, names, call, seen.steps)
            layers.append(found if len(own) < 2 else replace(found, branches=None))
    return Anatomy(tuple(layers), _is_stream(layers, seen.steps))


def _container(model: nn.Module, name: str) -> str:
    """The first list of modules that a module stands in."""
    parts = name.split(".")
    for end in range(1, len(parts)):
        start = ".".join(parts[:end])
        if isinstance(model.get_submodule(start), nn.ModuleList):
            return start
    raise RefusedError(f"{name} attends outside of a list of layers")


def _layer(
    model: nn.Module, name: str, names: Mapping[nn.Module, str], call: Call | None, steps: Mapping[str, Step]
) -> Layer:
    inside = [step for step in steps.values() if step.name.startswith(f"{name}.")]
    branches = _branches(steps.get(name), inside)
    if call is None:
        return Layer(name, None, None, branches)
    attention = names[call.module]
    projection = _projection(model, call, [step for step in inside if _is_part(step.name, attention)])
    projection = projection or gated_projection(call, steps[attention], inside)
    if branches is not None:
        branches = _attention_first(branches, inside, projection)
    return Layer(name, attention, projection, branches)


def _attention_first(
    branches: tuple[Branch, Branch], inside: Sequence[Step], projection: str | None
) -> tuple[Branch, Branch] | None:
    """The branch that goes on from the projection of the heads, and the other one."""
    chain: list[Tensor] = []
    along: list[str] = []
    for step in inside:
        reads = step.given is not None and any(
            torch.equal(step.given, one) for one in chain if one.shape == step.given.shape
        )
        if (step.name == projection or reads) and step.gave is not None:
            chain.append(step.gave)
            along.append(step.name)
    first, second = branches
    if first.name in along:
        return first, second
    return (second, first) if second.name in along else None


def _is_part(name: str, whole: str) -> bool:
    """Whether a module is a part of another, or stands beside it: BERT projects in a sister of its attention."""
    return name.startswith(f"{whole.rpartition('.')[0]}.")


def _projection(model: nn.Module, call: Call, inside: Sequence[Step]) -> str | None:
    """The module that reads the outputs of the heads side by side, as they are."""
    out_BTM = call.out.transpose(1, 2).flatten(2)
    for step in inside:
        given, gave = step.given, step.gave
        if given is not None and gave is not None and given.shape == out_BTM.shape and torch.equal(given, out_BTM):
            return step.name if is_linear(model.get_submodule(step.name), given, gave) else None
    return None


def _branches(layer: Step | None, inside: Sequence[Step]) -> tuple[Branch, Branch] | None:
    """The two outputs that a layer adds to its stream."""
    if layer is None or layer.given is None or layer.gave is None or layer.given.shape != layer.gave.shape:
        return None
    outputs = [
        (step.name, step.gave) for step in inside if step.gave is not None and step.gave.shape == layer.gave.shape
    ]
    for at, (first, added) in enumerate(outputs):
        for second, other in outputs[at + 1 :]:
            scales = _scales(layer.given, layer.gave, added, other)
            if scales is not None:
                return Branch(first, scales[0]), Branch(second, scales[1])
    return None


def _scales(given: Tensor, gave: Tensor, first: Tensor, second: Tensor) -> tuple[float, float] | None:
    """The numbers a, b with gave = given + a first + b second: 1, or one multiplier for both; None without such."""
    change = gave - given
    # Number by number: streams have places of some thousand, whose rounding is more than what is added elsewhere.
    rounded = 4 * torch.finfo(gave.dtype).eps * (given.abs() + gave.abs())
    allowed = rounded + _CLOSE * (1 + first.abs() + second.abs())
    if _is_close(change, first + second, allowed):
        return 1.0, 1.0
    both = torch.stack([first.flatten(), second.flatten()], dim=1).double()
    found = torch.linalg.lstsq(both, change.flatten().double()).solution
    a, b = (float(number) for number in found)
    if abs(a - b) > 1e-4 * abs(a) or abs(a) < 1e-3 or not _is_close(change, first * a + second * b, allowed):
        return None
    return a, b


def _is_close(a: Tensor, b: Tensor, allowed: Tensor) -> bool:
    return bool(((a - b).abs() <= allowed).all())


def _is_stream(layers: Sequence[Layer], seen: Mapping[str, Step]) -> bool:
    """Whether the layers, each with one attention in it, hand on [B, T, D]."""
    if any(layer.attention == layer.name for layer in layers) or len({layer.name for layer in layers}) < len(layers):
        return False
    known = [seen.get(layer.name) for layer in layers]
    steps = [step for step in known if step is not None and step.given is not None and step.gave is not None]
    if len(steps) != len(layers):
        return False
    shapes = {tuple(tensor.shape) for step in steps for tensor in (step.given, step.gave) if tensor is not None}
    return len(shapes) == 1 and len(next(iter(shapes))) == 3
