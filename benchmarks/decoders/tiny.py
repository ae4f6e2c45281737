"""`tiny_model`: a random model of any causal model type of transformers, of a few thousand parameters.

Sizes go by the names of configuration fields; what a type needs beyond them stands in `OWN`.
"""

from typing import Any

import torch
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedConfig,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
)

TYPES = tuple(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
# What a model type may be built as beside a causal language model, and the types that are.
HEADS: dict[str, Any] = {
    "masked": AutoModelForMaskedLM,
    "token": AutoModelForTokenClassification,
    "sequence": AutoModelForSequenceClassification,
}
TYPES_OF = {
    "masked": tuple(MODEL_FOR_MASKED_LM_MAPPING_NAMES),
    "token": tuple(MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES),
    "sequence": tuple(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES),
}
LAYERS, WINDOW, VOCABULARY, LONGEST = 4, 8, 128, 96
_VOCABULARIES = ("vocab_size", "n_vocab", "vocab_size_per_layer_input")

SIZES: dict[str, object] = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "embedding_size", "dim", "embedding_dim", "emb_dim"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "num_blocks"), LAYERS),
    **dict.fromkeys(("encoder_layers", "num_encoder_layers", "num_decoder_layers"), LAYERS),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "num_encoder_attention_heads", "num_decoder_attention_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads", "num_query_groups"), 2),
    **dict.fromkeys(("head_dim", "attention_head_dim", "kv_channels", "d_head", "attention_head_size"), 8),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "n_inner", "decoder_ffn_dim", "encoder_ffn_dim", "d_inner"), 64),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size", "ffn_hidden_size", "dff"), 32),
    **dict.fromkeys(("shared_intermediate_size", "intermediate_size_mlp", "expert_ffn_hidden_size"), 32),
    **dict.fromkeys(_VOCABULARIES, VOCABULARY),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "context_length"), LONGEST),
    **dict.fromkeys(("max_target_positions", "original_max_position_embeddings", "model_max_length"), LONGEST),
    **dict.fromkeys(("sliding_window", "attention_chunk_size", "attention_window_size", "window_size"), WINDOW),
    **dict.fromkeys(("sliding_window_size", "local_attention"), WINDOW),
    **dict.fromkeys(("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k"), 2),
    **dict.fromkeys(("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "first_k_dense_replace"), 1),
    **dict.fromkeys(("n_group", "topk_group", "num_expert_group", "n_groups", "mamba_n_groups", "mamba_ngroups"), 1),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank", "o_lora_rank"), 16),
    **dict.fromkeys(("qk_nope_head_dim", "v_head_dim", "index_head_dim"), 8),
    **dict.fromkeys(("qk_rope_head_dim", "rotary_dim"), 4),
    **dict.fromkeys(("linear_num_key_heads", "linear_num_value_heads", "linear_num_heads", "index_n_heads"), 2),
    **dict.fromkeys(("linear_key_head_dim", "linear_value_head_dim", "linear_head_dim"), 8),
    **dict.fromkeys(("mamba_d_state", "ssm_state_size", "state_size", "mamba_chunk_size", "chunk_size"), 8),
    **dict.fromkeys(("mamba_n_heads", "mamba_num_heads", "n_mamba_heads"), 8),
    **dict.fromkeys(("mamba_d_head", "mamba_head_dim", "mamba_headdim"), 8),
    **dict.fromkeys(("mamba_dt_rank", "time_step_rank", "lru_width", "hidden_size_per_layer_input"), 8),
    "qk_head_dim": 12,
    # As many as there are tokens: chosen from, attention is another for each text, and shown as maps alone.
    "index_topk": 32,
    "word_embed_proj_dim": 32,
    "lru_width": 32,
    "attention_hidden_size": 32,
    "max_window_layers": 1,
    "use_sliding_window": True,
    "block_size": 16,
    "num_kv_shared_layers": 0,
    "num_nextn_predict_layers": 0,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "sep_token_id": 2,
}
_ROTARY: dict[str, object] = {"rope_type": "default", "rope_theta": 10_000.0}
_DBRX_ATTENTION: dict[str, object] = {"kv_n_heads": 2, "clip_qkv": 1.0, "rope_theta": 10_000.0}
_DBRX: dict[str, object] = {"hidden_size": 32, "ffn_hidden_size": 32, "moe_num_experts": 4, "moe_top_k": 2}
_ZAMBA: dict[str, object] = {"attention_hidden_size": 64, "attention_head_dim": 16}
_DEBERTA: dict[str, object] = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]}
# What is off or without effect by default and must bite, and what generic sizes do not suit.
OWN: dict[str, dict[str, object]] = {
    "bamba": {"attn_layer_indices": [1, 3]},
    "granite": {"residual_multiplier": 0.5, "embedding_multiplier": 3.0, "logits_scaling": 4.0},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"] * 2},
    "cohere": {"logit_scale": 0.25},
    "gemma2": {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
    "vaultgemma": {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
    "gemma3n_text": {"num_kv_shared_layers": 2},
    "gemma4_text": {"num_kv_shared_layers": 2},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 2},
    "nemotron_h": {"layers_block_type": ["mamba", "attention", "mlp", "attention"]},
    "cohere_compass_text": {
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "rope_parameters": {kind: _ROTARY for kind in ("sliding_attention", "full_attention")},
    },
    "dbrx": {"rope_parameters": _ROTARY, "attn_config": _DBRX_ATTENTION, "ffn_config": _DBRX},
    "falcon_h1": {"mamba_d_ssm": 64, "num_logits_to_keep": 0},
    "mamba2": {"num_heads": 8},
    "zamba": {"attn_layer_period": 2, "attn_layer_offset": 0, "n_mamba_heads": 2, **_ZAMBA},
    "zamba2": {"layers_block_type": ["linear_attention", "hybrid"] * 2, "head_dim": 16, **_ZAMBA},
    "reformer": {
        "is_decoder": True,
        "axial_pos_embds_dim": (16, 16),
        "axial_pos_shape": (8, 12),
        "attn_layers": ["local"] * 4,
        "local_attn_chunk_length": 8,
    },
    "qwen4_exp_text": {
        "indexer_kv_heads": 1,
        "indexer_n_heads": 2,
        "indexer_head_dim": 8,
        "indexer_budget": 32,
        "indexer_compress_ratio": 4,
    },
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
    "zaya": {"num_experts_per_tok": 1},
    "xlstm": {"head_dim": 8, "qk_dim_factor": 0.5, "v_dim_factor": 1.0, "hidden_size": 64, "embedding_dim": 64},
    "recurrent_gemma": {"block_types": ["recurrent", "attention"]},
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "esmc": {"num_key_value_heads": 4},
    "neomme": {"head_dim": 16},
    "mistral4": {"head_dim": 12},
    "distilbert": {"hidden_dim": 64},
    "mobilebert": {"normalization_type": "layer_norm"},
    "deberta": _DEBERTA,
    "deberta-v2": {"position_buckets": 4, "norm_rel_ebd": "layer_norm", "share_att_key": True, **_DEBERTA},
    "perceiver": {"num_latents": 8, "d_latents": 32, "num_blocks": 1, "num_self_attends_per_block": 2},
}


def tiny_config(model_type: str, vocabulary: int = VOCABULARY) -> PreTrainedConfig:
    """The smallest sensible configuration of a type."""
    return _small(CONFIG_MAPPING[model_type], OWN.get(model_type, {}), vocabulary)


def tiny_model(model_type: str, seed: int = 0, vocabulary: int = VOCABULARY, auto: Any = AutoModelForCausalLM) -> Any:
    """A random model in eval mode, float32, with its own eager attention; of the head that `auto` stands for."""
    config = tiny_config(model_type, vocabulary)
    torch.manual_seed(seed)
    return shaken(auto.from_config(config, dtype=torch.float32, attn_implementation="eager"))


def shaken(model: Any) -> Any:
    """A model in eval mode with weights that let every mistake show."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # Random weights of the usual size would give even attention, in which many a mistake does not show.
            if weight.ndim > 1 and "norm" not in name:
                nn.init.normal_(weight, std=0.15)
            elif weight.ndim == 1 and name.endswith(("bias", "sinks", "sink")):
                nn.init.normal_(weight, std=0.3)
    return model.eval()


def _small(kind: type[PreTrainedConfig], own: dict[str, object], vocabulary: int) -> PreTrainedConfig:
    """A configuration of a class with small sizes, its parts too."""
    usual = kind()
    named = usual.to_dict()
    values = {name: value for name, value in SIZES.items() if name in named and not _is_fixed(kind, name)}
    values |= {name: vocabulary for name in _VOCABULARIES if name in values}
    if "qk_rope_head_dim" in named:  # keys and values of latent attention have no groups
        values |= {"num_key_value_heads": 4} | ({"head_dim": 4} if "head_dim" in named else {})
    kinds = list(dict.fromkeys(named.get("layer_types") or ()))
    if kinds and not _is_fixed(kind, "layer_types"):
        values["layer_types"] = [kinds[at % len(kinds)] for at in range(LAYERS)]
    parts: Any = kind.sub_configs
    for name in parts or {}:
        part = getattr(usual, name, None)
        if isinstance(part, PreTrainedConfig):
            values[name] = _small(type(part), OWN.get(part.model_type, {}), vocabulary).to_dict()
    made: Any = kind
    return made(**{**values, **own})


def _is_fixed(kind: type[PreTrainedConfig], name: str) -> bool:
    return isinstance(getattr(kind, name, None), property)
