"""`Placement`: where and how the weights of a model are kept: transformers' own arguments, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gemma2_workbench.models.weights.quantisation import configured

# Every process computes the attention of all heads, so that what is hooked sees what it sees in one process; the
# matrices are split.
TENSOR_PARALLEL = {
    "layers.*.self_attn.q_proj": "colwise_gather_output",
    "layers.*.self_attn.k_proj": "colwise_gather_output",
    "layers.*.self_attn.v_proj": "colwise_gather_output",
    "layers.*.self_attn.o_proj": "rowwise_split_input",
}


@dataclass(frozen=True)
class Placement:
    """Where and how weights are kept.

    Attributes:
        device: where the model runs, unless one of the next says otherwise.
        quantize: None, "int8", "int4" or a configuration of transformers.
        device_map: devices of modules, as transformers takes it ("auto", or a mapping to devices, "cpu" and "disk").
        max_memory: most that "auto" puts on each device.
        offload_folder: where what goes to "disk" is kept.
        tp_plan: "auto" to split the matrices among the processes that torchrun started, or styles of modules.
    """

    device: torch.device
    quantize: Any = None
    device_map: Any = None
    max_memory: Mapping[Any, Any] | None = None
    offload_folder: str | Path | None = None
    tp_plan: Any = None

    @property
    def moves(self) -> bool:
        """Whether the loaded model is still to be moved to `device`."""
        return self.device_map is None and self.tp_plan is None and self.quantize is None

    def arguments(self, dtype: torch.dtype, has_trunk: bool, has_vocabulary: bool) -> dict[str, Any]:
        """What `from_pretrained` is to be given.

        Args:
            dtype: what is not quantised is in it.
            has_trunk: whether the layers are in `model`, as in all classes but the bare trunk.
            has_vocabulary: whether there is a `lm_head`.
        """
        given: dict[str, Any] = {"max_memory": self.max_memory, "offload_folder": self.offload_folder}
        given["device_map"] = self.device_map
        if self.quantize is not None:
            given["quantization_config"] = configured(self.quantize, dtype)
            given["device_map"] = self.device_map or {"": self.device}
        if self.tp_plan is not None:
            own = {f"{'model.' * has_trunk}{name}": style for name, style in TENSOR_PARALLEL.items()}
            own |= {"lm_head": "colwise_gather_output"} if has_vocabulary else {}
            given["tp_plan"] = own if self.tp_plan == "auto" else self.tp_plan
        return {name: value for name, value in given.items() if value is not None}
