"""Shared by the tests of the model: comparing two outputs, recording what hook points see, an old configuration."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import attached, points

# Hook points of every layer.
STAGES = (
    "resid_pre",
    "self_attn.q_rot",
    "self_attn.k_rot",
    "self_attn.v",
    "self_attn.attn_logits",
    "self_attn.attn_scores",
    "self_attn.attn_probs",
    "self_attn.head_out",
    "post_attention_layernorm",
    "post_feedforward_layernorm",
)


@pytest.fixture
def old_config(tiny: dict[str, Any]) -> dict[str, Any]:
    """A config.json as transformers 4.42 wrote it."""
    return {name: value for name, value in tiny.items() if name != "attn_implementation"} | {
        "architectures": ["Gemma2ForCausalLM"],
        "model_type": "gemma2",
        "cache_implementation": "hybrid",
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "rope_theta": 10000.0,
        "torch_dtype": "float32",
        "transformers_version": "4.42.0.dev0",
    }


@pytest.fixture
def assert_same_outputs() -> Callable[[Any, Any], None]:
    """`assert_same_outputs(mine, theirs)`: logits, attentions and hidden states agree within 1e-4."""

    def check(mine: Any, theirs: Any) -> None:
        assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)
        for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
            assert_close(own, reference, atol=1e-4, rtol=0)
        for own, reference in zip(mine.hidden_states, theirs.hidden_states, strict=True):
            assert_close(own, reference, atol=1e-4, rtol=1e-4)

    return check


class Recorder:
    """A hook that keeps every (tensor, span) it sees, and a copy of the tensor as it was."""

    def __init__(self):
        self.tensors, self.copies, self.spans = [], [], []

    def __call__(self, module, args, out):
        self.tensors.append(out)
        self.copies.append(out.clone())
        self.spans.append(args[1] if len(args) > 1 else None)


@pytest.fixture
def recorder() -> type[Recorder]:
    """The class of recording hooks."""
    return Recorder


@pytest.fixture
def record() -> Callable[..., dict[str, Recorder]]:
    """`record(model, pattern, *inputs)` -> {name: Recorder} of one forward pass."""

    def run(model: Any, pattern: str, *args: Any, **kwargs: Any) -> dict[str, Recorder]:
        recorders = {name: Recorder() for name in points(model, pattern)}
        with torch.no_grad(), attached(model, recorders):
            model(*args, **kwargs)
        return recorders

    return run
