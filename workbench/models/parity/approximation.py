"""`shift`: how far quantised weights move a model's numbers, on the test text of the comparison with transformers."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gemma2_workbench.models.parity.statement import probe_ids, probe_lengths
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.weights.info import Shift


@dataclass(frozen=True, eq=False)
class Numbers:
    """What a model computes from the test text.

    Attributes:
        dtype: that of its weights.
        output: logits [1, T, V], or last states [1, T, D], float32 on the CPU.
        maps: attention probabilities of each layer [1, N, T, S], float32 on the CPU.
    """

    dtype: str
    output: Tensor
    maps: tuple[Tensor, ...]

    @classmethod
    def of(cls, loaded: Source) -> "Numbers":
        """Run the test text."""
        model: Any = loaded.model
        ids_1T = torch.tensor([probe_ids(loaded, probe_lengths(loaded, 1)[0])], device=loaded.device)
        with torch.no_grad(), loaded.lock:
            out = model(ids_1T, output_attentions=True, return_dict=True, use_cache=False)
        maps = tuple(each.float().cpu() for each in out.attentions)
        # `use_cache=False` leaves it first in every class.
        return cls(loaded.dtype, out[0].float().cpu(), maps)


def shift(exact: Numbers, approximate: Numbers) -> Shift:
    """The differences between two models of the same shape."""
    output = (approximate.output - exact.output).abs()
    # Cells that the mask hides are zero in both.
    maps = torch.cat([(a - b).abs()[(a > 0) | (b > 0)] for a, b in zip(approximate.maps, exact.maps, strict=True)])
    return Shift(
        tokens=exact.output.shape[1],
        dtype=exact.dtype,
        output_max=float(output.max()),
        output_mean=float(output.mean()),
        probs_max=float(maps.max()),
        probs_mean=float(maps.mean()),
    )
