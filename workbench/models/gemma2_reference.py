"""transformers' own eager Gemma 2 on the weights of ours, with which its numbers are compared."""

from typing import Any

import torch
import transformers
from torch import nn

from gemma2_workbench.models.alone import BUILDING


def reference(model: Any) -> nn.Module:
    """Build transformers' model of the same class on the very same weight tensors (no copy), eager attention."""
    cls = getattr(transformers, type(model).__name__)
    # Not ours, though it is one of theirs: while ours are registered, their classifiers would build our trunk from it.
    config = model.config.as_transformers()
    config._attn_implementation = "eager"
    with BUILDING:
        with torch.device("meta"):
            twin = cls(config)
        twin.load_state_dict(model.state_dict(), assign=True)
        # Buffers that are no weights stay on the meta device and have to be made anew.
        trunk = twin.base_model
        trunk.rotary_emb = type(trunk.rotary_emb)(config).to(model.device)
        trunk.embed_tokens.embed_scale = torch.tensor(config.hidden_size**0.5, dtype=torch.float32, device=model.device)
    return twin.eval()
