"""`Outline`: what the configuration of a model alone tells of its attention; a mask needs no weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import transformers
from transformers import PreTrainedConfig

from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.models.layers import LayerInfo

_KINDS = {
    "sliding_attention": "local",
    "full_attention": "global",
    "chunked_attention": "chunked",
    "linear_attention": "linear",
}
# Families of transformers whose configuration names no kinds of layers, as its modeling files make their masks.
_ALL_LOCAL = ("mistral", "mixtral", "phi3", "starcoder2")  # every layer slides, where there is a window
_ALL_GLOBAL = ("cohere", "gemma", "gpt2", "gpt_neox", "granite", "llama", "olmo", "olmo2", "phi")
_BY_LAYER = ("cohere2", "gemma2", "gemma3_text", "gpt_oss", "llama4_text", "ministral")
_BY_LAYER += ("olmo3", "qwen2", "qwen3", "qwen3_next", "smollm3")


@dataclass(frozen=True)
class Outline:
    """What decides the masks and the tokens of a model.

    Attributes:
        layers: the kind of each layer.
        window: that of its local layers, None where there is none to be had.
        attention_chunk: tokens of a chunk of its chunked layers, None without any.
        causal: whether later keys are hidden.
        vocabulary: rows of its embeddings.
        prefix: how many tokens see one another whatever stands behind them, None where there is no prefix.
    """

    layers: tuple[str, ...]
    window: int | None
    causal: bool
    vocabulary: int
    attention_chunk: int | None = None
    prefix: int | None = None

    @classmethod
    def of(cls, config: PreTrainedConfig) -> "Outline":
        """The outline in the configuration of a decoder, ours or transformers'.

        Raises:
            ValueError: a model whose masks follow other rules.
        """
        text: Any = config.get_text_config(decoder=True)
        if isinstance(text, transformers.Gemma2Config) and not isinstance(text, Gemma2Config):
            text = Gemma2Config.from_dict(text.to_dict())
        window = getattr(text, "sliding_window", None)
        if isinstance(text, Gemma2Config):
            return cls(_kinds(text, window), window, not text.sees_later, text.vocab_size)
        kinds = _kinds(text, window)
        chunk = text.attention_chunk_size if "chunked" in kinds else None
        return cls(kinds, window if "local" in kinds else None, _causal(text), text.vocab_size, chunk)

    @classmethod
    def of_layers(cls, layers: Sequence[LayerInfo], vocabulary: int) -> "Outline":
        """The outline of layers as they run, whatever family they are of."""
        windows = [layer.window for layer in layers if layer.window is not None]
        chunks = [layer.chunk for layer in layers if layer.chunk is not None]
        prefixes = [layer.prefix for layer in layers if layer.prefix is not None]
        kinds, causal = tuple(layer.kind for layer in layers), any(layer.causal for layer in layers if layer.softmax)
        window, chunk, prefix = (max(sizes, default=None) for sizes in (windows, chunks, prefixes))
        return cls(kinds, window, causal, vocabulary, chunk, prefix)


def has_outline(config: PreTrainedConfig) -> bool:
    """Whether the configuration of a family tells its masks."""
    return config.get_text_config(decoder=True).model_type in (*_BY_LAYER, *_ALL_LOCAL, *_ALL_GLOBAL)


def _kinds(config: Any, window: int | None) -> tuple[str, ...]:
    """The kind of each layer."""
    family = config.model_type
    if family in _BY_LAYER:
        odd = set(config.layer_types or ()) - set(_KINDS)
        if odd:
            raise ValueError(f"layers of the kind {', '.join(sorted(odd))} have no mask that is known here")
        return tuple(_KINDS[kind] for kind in config.layer_types or ())
    if family not in (*_ALL_LOCAL, *_ALL_GLOBAL):
        known = ", ".join(sorted((*_BY_LAYER, *_ALL_LOCAL, *_ALL_GLOBAL)))
        raise ValueError(f"the masks of {family} models are not known here; those of {known} are")
    kind = "local" if family in _ALL_LOCAL and window is not None else "global"
    return (kind,) * config.num_hidden_layers


def _causal(config: Any) -> bool:
    """True: later keys are hidden.

    Raises:
        ValueError: they are not, by rules of the family's own.
    """
    if getattr(config, "use_bidirectional_attention", None) or getattr(config, "is_causal", True) is False:
        raise ValueError(f"this {config.model_type} model sees later tokens, by a rule that is not known here")
    return True


def cache_config(layers: Sequence[str], window: int, chunk: int | None = None) -> PreTrainedConfig:
    """A configuration from which transformers makes the caches of layers of these kinds.

    Layers without softmax keep a state in place of keys; nothing asks for their cache.
    """
    names = {kind: name for name, kind in _KINDS.items()} | {"linear": "full_attention"}
    types = [names[kind] for kind in layers]
    config = Gemma2Config(num_hidden_layers=len(layers), sliding_window=window)
    config.layer_types, config.attention_chunk_size = types, chunk
    return config
