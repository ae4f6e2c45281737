"""The three sizes of Gemma 2, as in google/gemma_pytorch (gemma/config.py) and on the hub. Imports nothing heavy."""

from typing import TypedDict


class Sizes(TypedDict):
    """What the sizes differ in, by the names of `Gemma2Config`."""

    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    hidden_size: int
    intermediate_size: int
    query_pre_attn_scalar: int


# Both 2B and 9B scale queries by head_dim; only 27B has a scalar of its own, hidden_size / num_attention_heads.
SIZES: dict[str, Sizes] = {
    "2b": {
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "query_pre_attn_scalar": 256,
    },
    "9b": {
        "num_hidden_layers": 42,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 256,
        "hidden_size": 3584,
        "intermediate_size": 14336,
        "query_pre_attn_scalar": 256,
    },
    "27b": {
        "num_hidden_layers": 46,
        "num_attention_heads": 32,
        "num_key_value_heads": 16,
        "head_dim": 128,
        "hidden_size": 4608,
        "intermediate_size": 36864,
        "query_pre_attn_scalar": 144,
    },
}
# By their names on the command line and in torch.
DTYPES = ("float32", "bfloat16", "float16")
