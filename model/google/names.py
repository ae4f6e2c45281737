"""Which rows of which tensor of a google/gemma_pytorch checkpoint each of transformers' tensors is."""

from collections.abc import Iterator
from dataclasses import dataclass

from gemma2_workbench.model.config import Gemma2Config

# Tables of rotary angles, which follow from the configuration; gemma_pytorch saves them with the weights.
TABLES = ("freqs_cis", "local_freqs_cis", "global_freqs_cis")
NORMS = ("input", "post_attention", "pre_feedforward", "post_feedforward")


@dataclass(frozen=True)
class Part:
    """One tensor of the converted model: `shape[0]` rows of the tensor `source`, from row `start` on.

    Norm weights are zero-centred on both sides, and rotary pairs are the same halves: no number changes its place.
    """

    name: str
    source: str
    shape: tuple[int, ...]
    start: int = 0

    @property
    def stop(self) -> int:
        """The row after the last."""
        return self.start + self.shape[0]


def parts(config: Gemma2Config) -> Iterator[Part]:
    """All tensors of a language model with tied embeddings, in the order of its layers."""
    D, F = config.hidden_size, config.intermediate_size
    yield Part("model.embed_tokens.weight", "embedder.weight", (config.vocab_size, D))
    for layer in range(config.num_hidden_layers):
        prefix = f"model.layers.{layer}"
        yield from _attention(f"{prefix}.self_attn", config)
        for name, shape in (("gate", (F, D)), ("up", (F, D)), ("down", (D, F))):
            yield _same(f"{prefix}.mlp.{name}_proj.weight", shape)
        for name in NORMS:
            yield _same(f"{prefix}.{name}_layernorm.weight", (D,))
    yield _same("model.norm.weight", (D,))


def _attention(prefix: str, config: Gemma2Config) -> Iterator[Part]:
    """Queries, keys and values stand below each other in one tensor: a plain split, without a permutation."""
    N, G, H = config.num_attention_heads, config.num_key_value_heads or 1, config.head_dim
    start = 0
    for name, heads in (("q", N), ("k", G), ("v", G)):
        yield Part(f"{prefix}.{name}_proj.weight", f"{prefix}.qkv_proj.weight", (heads * H, config.hidden_size), start)
        start += heads * H
    yield _same(f"{prefix}.o_proj.weight", (config.hidden_size, N * H))


def _same(name: str, shape: tuple[int, ...]) -> Part:
    return Part(name, name, shape)


def source_shapes(config: Gemma2Config) -> dict[str, tuple[int, ...]]:
    """The tensors of a checkpoint without int8 weights, and their shapes."""
    found: dict[str, tuple[int, ...]] = {}
    for part in parts(config):
        found[part.source] = (part.stop, *part.shape[1:])
    return found


def scaler_of(weight: str) -> str:
    """The name of the factors, one a row, of an int8 weight."""
    return f"{weight}_scaler"
