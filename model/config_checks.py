"""What a Gemma 2 configuration may hold: what is given, before transformers reads it, and the whole, afterwards."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields

import torch
from transformers import Gemma2Config
from transformers.activations import ACT2FN

from gemma2_workbench.model.rotary_checks import check_rotary

SLIDING, FULL = "sliding_attention", "full_attention"

# Layers and labels are written out one by one, more are a slip of the pen; a window or a number of positions may stand
# for "no end", as long as torch can count with it; any other size is allocated.
LARGEST = {"num_hidden_layers": 1000, "num_labels": 10**6, "sliding_window": 2**62, "max_position_embeddings": 2**62}
LARGEST_SIZE = 2**31 - 1
# Smaller or larger numbers become 0 or infinity in float32.
SMALLEST_FLOAT, LARGEST_FLOAT = torch.finfo(torch.float32).tiny, torch.finfo(torch.float32).max
HELD = f"a number from {SMALLEST_FLOAT:.2g} to {LARGEST_FLOAT:.2g}, what float32 holds"
# Keys by which transformers builds another model than Gemma 2.
FOREIGN = ("per_layer_config", "fusion_config", "transformers_weights")
PROBLEMS = ("regression", "single_label_classification", "multi_label_classification")


def check_given(given: Mapping[str, object], cls: type[Gemma2Config]) -> None:
    """Check the keys that transformers takes as they come, or reads before it checks them.

    Raises:
        ValueError: a value of the wrong kind, or a key that is no setting.
    """
    for key in FOREIGN:
        if given.get(key) is not None:
            raise ValueError(f"{key} is not part of Gemma 2; leave it out")
    for key in given:
        if not _is_setting(key, cls):
            raise ValueError(f"{key} is the name of a part of the class, no setting; leave it out")
    _check_labels(given)
    names = given.get("architectures")
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise ValueError(f"architectures={shown(names)} must be a list of names, such as ['Gemma2ForCausalLM']")
    for key in ("dtype", "torch_dtype"):
        _check_dtype(key, given.get(key))
    for key in ("rope_parameters", "rope_scaling"):
        if not isinstance(given.get(key, None), dict | None):
            raise ValueError(f"{key}={shown(given[key])} must be a dictionary, such as {{'rope_theta': 10000.0}}")
    if not isinstance(given.get("auto_map"), dict | None):
        raise ValueError(f"auto_map={shown(given['auto_map'])} must be a dictionary; its code is never run")
    for key in ("is_causal", "return_dict", "output_hidden_states", "output_attentions"):
        if not isinstance(given.get(key, False), bool):
            raise ValueError(f"{key}={shown(given[key])} must be true or false")
    if given.get("is_encoder_decoder"):
        raise ValueError(
            f"is_encoder_decoder={shown(given['is_encoder_decoder'])} is not part of Gemma 2; leave it out"
        )
    _check_whole("num_hidden_layers", given.get("num_hidden_layers", 1), 0)


def _is_setting(key: str, cls: type[Gemma2Config]) -> bool:
    """Whether a value of this name breaks nothing that the class itself has: methods, tables, what is derived."""
    own = getattr(cls, key, None)
    settable = isinstance(own, property) and own.fset is not None
    return key in (field.name for field in fields(cls)) or key == "model_type" or settable or not hasattr(cls, key)


def _check_labels(given: Mapping[str, object]) -> None:
    """Names and number of the classes."""
    names, count = given.get("id2label"), given.get("num_labels")
    if count is not None:
        _check_whole("num_labels", count, 1)
    if names is not None:
        if not isinstance(names, dict):
            raise ValueError(f"id2label={shown(names)} must be a dictionary from numbers to names")
        if sorted(map(str, names)) != sorted(map(str, range(len(names)))):
            raise ValueError(f"id2label has the keys {shown(list(names))}; the {len(names)} classes count from 0")
        if not all(isinstance(name, str) for name in names.values()):
            raise ValueError(f"id2label={shown(names)} must have names as values, in quotes")
        twice = next((name for name, times in Counter(names.values()).items() if times > 1), None)
        if twice is not None:
            raise ValueError(f"id2label gives the name {shown(twice)} to several classes; each needs one of its own")
    if not isinstance(given.get("label2id", None), dict | None):
        raise ValueError(f"label2id={shown(given['label2id'])} must be a dictionary from names to numbers")
    problem = given.get("problem_type")
    if problem is not None and problem not in PROBLEMS:
        raise ValueError(f"problem_type={shown(problem)} is unknown; use {', '.join(PROBLEMS)} or None")


def _check_dtype(key: str, dtype: object) -> None:
    """The dtype of the weights, as an object or by its name."""
    named = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if dtype is not None and not (isinstance(named, torch.dtype) and named.is_floating_point):
        raise ValueError(f"{key}={shown(dtype)} is no floating-point dtype; use float32, bfloat16 or float16")


def check_whole_config(config: Gemma2Config) -> None:
    """Check a configuration that transformers has read.

    Raises:
        ValueError: values that cannot work, alone or together.
    """
    _check_sizes(config)
    _check_numbers(config)
    check_rotary(config)
    _check_layers(config)


def _check_whole(name: str, value: object, least: int) -> None:
    """A whole number within its limits."""
    most = LARGEST.get(name, LARGEST_SIZE)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name}={shown(value)} must be a whole number")
    if value < least:
        raise ValueError(f"{name}={value} must be at least {least}")
    if value > most:
        raise ValueError(f"{name}={shown(value)} must be at most {most}")


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
        _check_whole(name, getattr(config, name), 1)
    N, G = config.num_attention_heads, config.num_key_value_heads
    if G is None or N % G:
        raise ValueError(f"num_attention_heads={N} is not a multiple of num_key_value_heads={G}; use a divisor of {N}")
    if config.head_dim % 2:
        raise ValueError(f"head_dim={config.head_dim} is odd; rotary embedding pairs coordinates and needs an even one")
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        token = getattr(config, name)
        for number in token if isinstance(token, list) else [token]:
            if number is not None and not 0 <= number < config.vocab_size:
                last = config.vocab_size - 1
                raise ValueError(
                    f"{name}={shown(number)} is outside the vocabulary 0..{last}; use None for no such token"
                )


def _check_numbers(config: Gemma2Config) -> None:
    """Numbers that would turn the computation into NaN or into another model."""
    for name in ("attn_logit_softcapping", "final_logit_softcapping"):
        cap = getattr(config, name)
        if cap is not None and not is_representable(cap):
            raise ValueError(f"{name}={shown(cap)} must be {HELD}, or None to switch the softcap off")
    rotary = dict(config.rope_parameters or {})
    positive = {name: getattr(config, name) for name in ("query_pre_attn_scalar", "rms_norm_eps")}
    for name, value in (positive | {"rope_theta": rotary.get("rope_theta")}).items():
        if not is_representable(value):
            raise ValueError(f"{name}={shown(value)} must be {HELD}")
    spread = config.initializer_range
    if spread != 0 and not is_representable(spread):
        raise ValueError(f"initializer_range={shown(spread)} must be 0 or {HELD}")
    if not 0 <= (config.attention_dropout or 0) < 1:
        raise ValueError(f"attention_dropout={shown(config.attention_dropout)} must be at least 0 and below 1")
    if config.hidden_activation not in ACT2FN:
        allowed = "gelu_pytorch_tanh, gelu, silu, relu or another name of transformers.activations.ACT2FN"
        raise ValueError(f"hidden_activation={shown(config.hidden_activation)} is not known; use {allowed}")


def is_representable(value: object) -> bool:
    """Whether a value is a positive number that float32 can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and SMALLEST_FLOAT <= value <= LARGEST_FLOAT


def _check_layers(config: Gemma2Config) -> None:
    """Layer types and the window they need."""
    types = config.layer_types or []
    unknown = sorted(set(types) - {SLIDING, FULL})
    if unknown:
        raise ValueError(f"layer_types contains {', '.join(map(shown, unknown[:3]))}; allowed: {SLIDING!r}, {FULL!r}")
    if len(types) != config.num_hidden_layers:
        raise ValueError(f"layer_types has {len(types)} entries for num_hidden_layers={config.num_hidden_layers}")
    window = config.sliding_window
    if window is None and SLIDING in types:
        layer = types.index(SLIDING)
        raise ValueError(f"sliding_window=None needs every layer to be {FULL!r}, but layer {layer} is {SLIDING!r}")
    if window is not None:
        if window < 1:
            raise ValueError(f"sliding_window={window} must be at least 1 (a query sees itself)")
        _check_whole("sliding_window", window, 1)


def shown(value: object) -> str:
    """A value as Python writes it, shortened; a number may have more digits than Python writes."""
    if isinstance(value, int) and abs(value) > 10**30:
        return "a number of more than 30 digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
