"""The models that are measured and what they read: random ones of a geometry, and the embedded one with 26 tokens."""

import random
from typing import TYPE_CHECKING, Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from gemma2_workbench import LoadedModel, load
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM

# Earlier commits, which are measured with these files too, have no such modules.
if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source

GEOMETRIES: dict[str, dict[str, int]] = {
    "S": {"hidden_size": 384, "intermediate_size": 2560, "num_hidden_layers": 8, "num_attention_heads": 6}
    | {"num_key_value_heads": 2, "head_dim": 64, "query_pre_attn_scalar": 64, "sliding_window": 128},
    "M": {"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 4, "num_attention_heads": 8}
    | {"num_key_value_heads": 4, "head_dim": 256, "query_pre_attn_scalar": 256, "sliding_window": 4096},
}
# A Llama of the sizes of S: without caps and windows.
LLAMA = "L"
GEOMETRIES[LLAMA] = {
    name: size for name, size in GEOMETRIES["S"].items() if name not in ("query_pre_attn_scalar", "sliding_window")
}
EMBEDDED, EMBEDDED_LENGTH = "embedded", 26
SPREAD = 12  # standard deviation of the raw logits


def model(geometry: str) -> "Source":
    """A random model of this geometry, or the embedded one, with the embedded tokenizer."""
    tiny = load()
    if geometry == EMBEDDED:
        return tiny
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocab_size": 8192, "max_position_embeddings": 16384, **GEOMETRIES[geometry]}
    if geometry == LLAMA:
        from gemma2_workbench.models.decoder.opening import opened

        llama: Any = LlamaForCausalLM(LlamaConfig(**sizes))
        ours = opened(llama.eval(), tiny.tokenizer, geometry, source="random")
        _spread(ours.model)
        return ours
    made = Gemma2ForCausalLM(Gemma2Config(**sizes)).eval()
    _spread(made)
    return LoadedModel(geometry, "random", None, None, made, tiny.tokenizer)


def text_of(loaded: "Source", length: int) -> str:
    """Random words of so many tokens, BOS included."""
    words = sorted(word[1:] for word in loaded.tokenizer.get_vocab() if word[1:].isalpha() and word[0] == "▁")
    draw = random.Random(0)
    ids = loaded.tokenizer(" ".join(draw.choice(words) for _ in range(length)))["input_ids"][:length]
    return loaded.tokenizer.decode(ids[1:])


def _spread(model: Any) -> None:
    """Scale the queries of each layer so that its raw logits have a standard deviation of `SPREAD`.

    As they are made they have one of 0.1, which no cap bends.
    """
    ids = torch.randint(5, 4000, (1, 256))
    for layer in range(model.config.num_hidden_layers):
        attention, spread = f"model.layers.{layer}.self_attn", []

        def keep(_module: object, _args: object, out: torch.Tensor, to: list[torch.Tensor] = spread) -> None:
            to.append(out.std())

        hook = model.get_submodule(f"{attention}.attn_logits").register_forward_hook(keep)
        with torch.no_grad():
            model(ids, use_cache=False)
            hook.remove()
            model.get_parameter(f"{attention}.q_proj.weight").mul_(SPREAD / torch.stack(spread).mean())
