"""`Gemma2Config`: transformers' configuration, with both documentation pages' spellings and checks that speak."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassError
from transformers import Gemma2Config as TransformersGemma2Config
from transformers.activations import ACT2FN

SLIDING, FULL = "sliding_attention", "full_attention"

C = TypeVar("C")


def _raising_value_errors(cls: type[C]) -> type[C]:
    """Class decorator: what a strict dataclass refuses becomes a ValueError with the same sentence."""
    initialise: Callable[..., None] = cls.__init__

    @wraps(initialise)
    def checked(self: Any, **kwargs: Any) -> None:
        try:
            initialise(self, **kwargs)
        except StrictDataclassError as error:
            raise ValueError(f"Gemma2Config: {error}") from error

    type.__setattr__(cls, "__init__", checked)
    return cls


@_raising_value_errors
@strict
class Gemma2Config(TransformersGemma2Config):
    """Configuration of a Gemma 2 model; keyword arguments only, defaults are those of google/gemma-2-2b.

    Beyond transformers' class: `num_key_value_heads=None` means `num_attention_heads`, `hidden_activation=None` means
    `gelu_pytorch_tanh`, `query_pre_attn_scalar` may be a float, `sliding_window` may be None when every layer is full,
    and `rope_theta` can be given, read and set beside `rope_parameters`. Unknown keys are kept and written back.

    Raises:
        ValueError: a value that cannot work, said when the configuration is made instead of in the first forward.
    """

    num_key_value_heads: int | None = 4
    hidden_activation: str | None = "gelu_pytorch_tanh"
    query_pre_attn_scalar: int | float = 256

    def __post_init__(self, **kwargs: Any) -> None:
        """Fill in what None stands for, then check what transformers would leave to the first forward pass."""
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        if self.hidden_activation is None:
            self.hidden_activation = "gelu_pytorch_tanh"
        super().__post_init__(**kwargs)
        _check_sizes(self)
        _check_numbers(self)
        _check_layers(self)
        # A whole number stays an int in config.json: transformers' own class refuses floats there.
        if float(self.query_pre_attn_scalar).is_integer():
            self.query_pre_attn_scalar = int(self.query_pre_attn_scalar)

    @classmethod
    def get_config_dict(cls, pretrained_model_name_or_path: Any, **kwargs: Any) -> tuple[dict[str, Any], Any]:
        """Read config.json of a folder or hub id; transformers alone would take defaults where there is none.

        Raises:
            OSError: there is no config.json, or it holds no configuration.
            ValueError: it is the configuration of another kind of model.
        """
        config, unused = super().get_config_dict(pretrained_model_name_or_path, **kwargs)
        if not isinstance(config, dict) or not config:
            raise OSError(f"{pretrained_model_name_or_path}: config.json is missing or holds no configuration")
        if config.get("model_type", cls.model_type) != cls.model_type:
            kind = config["model_type"]
            raise ValueError(f"{pretrained_model_name_or_path} is a {kind!r} model; this class reads 'gemma2' only")
        return config, unused

    @property
    def rope_theta(self) -> Any:
        """Base of the rotary frequencies, the older spelling of `rope_parameters["rope_theta"]`."""
        parameters = dict(self.rope_parameters or {})
        if "rope_theta" not in parameters:
            # transformers asks for the attribute before the number is there and then takes its default.
            raise AttributeError("rope_theta is not known before rope_parameters is set")
        return parameters["rope_theta"]

    @rope_theta.setter
    def rope_theta(self, value: float) -> None:
        self.rope_parameters = {
            **(self.rope_parameters or {"rope_type": "default"}),
            "rope_theta": value,
        }

    @property
    def sees_later(self) -> bool:
        """Whether queries see later keys too: `is_causal=False`, which transformers reads and Gemma 2 never sets."""
        return not getattr(self, "is_causal", True)

    def window(self, layer: int) -> int | None:
        """Keys that a query of `layer` sees, itself included; None in a global (full attention) layer."""
        types = self.layer_types or []
        return self.sliding_window if types[layer] == SLIDING else None

    def to_dict(self) -> dict[str, Any]:
        """The configuration as written to config.json, both spellings of the rotary base included."""
        return {**super().to_dict(), "rope_theta": self.rope_theta}


def _check_sizes(config: Gemma2Config) -> None:
    """Whole numbers that must be positive, even, or divide each other."""
    names = (
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
    )
    for name in (*names, "num_key_value_heads", "head_dim", "max_position_embeddings"):
        if getattr(config, name) < 1:
            raise ValueError(f"{name}={getattr(config, name)} must be at least 1")
    N, G = config.num_attention_heads, config.num_key_value_heads
    if G is None or N % G:
        raise ValueError(f"num_attention_heads={N} is not a multiple of num_key_value_heads={G}; use a divisor of {N}")
    if config.head_dim % 2:
        raise ValueError(f"head_dim={config.head_dim} is odd; rotary embedding pairs coordinates and needs an even one")
    pad = config.pad_token_id
    if pad is not None and not 0 <= pad < config.vocab_size:
        raise ValueError(
            f"pad_token_id={pad} is outside the vocabulary 0..{config.vocab_size - 1}; use None for no pad"
        )


def _check_numbers(config: Gemma2Config) -> None:
    """Numbers that would turn the computation into NaN or into another model."""
    for name in ("attn_logit_softcapping", "final_logit_softcapping"):
        cap = getattr(config, name)
        if cap is not None and not (math.isfinite(cap) and cap > 0):
            raise ValueError(f"{name}={cap} must be a finite number above 0, or None to switch the softcap off")
    for name in ("query_pre_attn_scalar", "rms_norm_eps", "rope_theta"):
        value = getattr(config, name)
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
            raise ValueError(f"{name}={value} must be a finite number above 0")
    if not 0 <= (config.attention_dropout or 0) < 1:
        raise ValueError(f"attention_dropout={config.attention_dropout} must be at least 0 and below 1")
    rope_type = (config.rope_parameters or {}).get("rope_type", "default")
    if rope_type != "default":
        raise ValueError(f"rope_type={rope_type!r} is not part of Gemma 2; the only one is 'default'")
    if config.hidden_activation not in ACT2FN:
        allowed = "gelu_pytorch_tanh, gelu, silu, relu or another name of transformers.activations.ACT2FN"
        raise ValueError(f"hidden_activation={config.hidden_activation!r} is not known; use {allowed}")


def _check_layers(config: Gemma2Config) -> None:
    """Layer types and the window they need."""
    types = config.layer_types or []
    unknown = sorted(set(types) - {SLIDING, FULL})
    if unknown:
        raise ValueError(f"layer_types contains {', '.join(map(repr, unknown))}; allowed: {SLIDING!r}, {FULL!r}")
    if len(types) != config.num_hidden_layers:
        raise ValueError(f"layer_types has {len(types)} entries for num_hidden_layers={config.num_hidden_layers}")
    window = config.sliding_window
    if window is None and SLIDING in types:
        layer = types.index(SLIDING)
        raise ValueError(f"sliding_window=None needs every layer to be {FULL!r}, but layer {layer} is {SLIDING!r}")
    if window is not None and window < 1:
        raise ValueError(f"sliding_window={window} must be at least 1 (a query sees itself)")
