"""Random models beside transformers' own, for what is read of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from gemma2_workbench import LoadedModel, load


@pytest.fixture(scope="session")
def loaded_twins(twin_folder: Callable[..., Path]) -> Callable[..., tuple[LoadedModel, Any]]:
    """`loaded_twins(**config)`: a random model and transformers' own of the same weights, norms and biases random."""

    def make(**config: Any) -> tuple[LoadedModel, Any]:
        folder = twin_folder(**config)
        ours = load(folder)
        theirs = transformers.Gemma2ForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for name, weight in theirs.named_parameters():
                if "norm" in name or name.endswith("bias"):
                    weight.copy_(0.3 * torch.randn(weight.shape, generator=generator))
        ours.model.load_state_dict(theirs.state_dict())
        return ours, theirs

    return make
