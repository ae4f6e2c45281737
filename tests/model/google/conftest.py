"""Tiny checkpoints in the format of google/gemma_pytorch, and what its forward pass makes of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gemma2_workbench.model import Gemma2Config

State = dict[str, Tensor]


@pytest.fixture
def google_config(tiny: dict[str, Any]) -> Gemma2Config:
    return Gemma2Config(**tiny | {"vocab_size": 4096})


@pytest.fixture
def google_state(google_config: Gemma2Config) -> State:
    """Random weights by the names that gemma_pytorch gives them, tables of angles included."""
    config, generator = google_config, torch.Generator().manual_seed(0)
    D, F, H = config.hidden_size, config.intermediate_size, config.head_dim
    N, G = config.num_attention_heads, config.num_key_value_heads

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator) * (0.3 if len(shape) == 1 else 0.6)

    state = {"embedder.weight": drawn(config.vocab_size, D), "model.norm.weight": drawn(D)}
    for layer in range(config.num_hidden_layers):
        prefix = f"model.layers.{layer}."
        state[prefix + "self_attn.qkv_proj.weight"] = drawn((N + 2 * G) * H, D)
        state[prefix + "self_attn.o_proj.weight"] = drawn(D, N * H)
        state[prefix + "mlp.gate_proj.weight"] = drawn(F, D)
        state[prefix + "mlp.up_proj.weight"] = drawn(F, D)
        state[prefix + "mlp.down_proj.weight"] = drawn(D, F)
        for norm in ("input", "post_attention", "pre_feedforward", "post_feedforward"):
            state[f"{prefix}{norm}_layernorm.weight"] = drawn(D)
    return state | {"local_freqs_cis": _angles(64, H), "global_freqs_cis": _angles(64, H)}


@pytest.fixture
def quantised(google_state: State) -> State:
    """The same with int8 matrices and one factor for each row."""
    state = {}
    for name, tensor in google_state.items():
        if tensor.dim() < 2 or tensor.is_complex():
            state[name] = tensor
            continue
        factors = tensor.abs().amax(1) / 127
        state[name] = (tensor / factors[:, None]).round().to(torch.int8)
        state[f"{name}_scaler"] = factors
    return state


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[State], Path]:
    """`saved(state)`: a single .ckpt file."""

    def save(state: State) -> Path:
        torch.save({"model_state_dict": state}, tmp_path / "model.ckpt")
        return tmp_path / "model.ckpt"

    return save


@pytest.fixture
def saved_in_parts(tmp_path: Path) -> Callable[[State], Path]:
    """`saved_in_parts(state)`: a folder with an index and three parts, tensors dealt out in turn."""

    def save(state: State) -> Path:
        folder = tmp_path / "parts"
        folder.mkdir()
        names, files = [*state], [f"pytorch_model-{at}-of-3.bin" for at in range(3)]
        for at, file in enumerate(files):
            torch.save({name: state[name] for name in names[at::3]}, folder / file)
        where = {name: files[at % 3] for at, name in enumerate(names)}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": where}))
        return folder

    return save


@pytest.fixture
def google_logits() -> Callable[[State, Gemma2Config, Tensor], Tensor]:
    """`google_logits(state, config, ids_T)`: logits [T, V] as gemma/model.py of gemma_pytorch computes them."""

    def forward(state: State, config: Gemma2Config, ids_T: Tensor) -> Tensor:
        hidden = _weight(state, "embedder.weight")[ids_T] * torch.tensor(config.hidden_size**0.5)
        for layer in range(config.num_hidden_layers):
            prefix = f"model.layers.{layer}."
            normed = _norm(hidden, state[prefix + "input_layernorm.weight"])
            mixed = _attention(state, prefix + "self_attn.", config, normed, config.window(layer))
            hidden = hidden + _norm(mixed, state[prefix + "post_attention_layernorm.weight"])
            normed = _norm(hidden, state[prefix + "pre_feedforward_layernorm.weight"])
            gate, up, down = (_weight(state, f"{prefix}mlp.{name}_proj.weight") for name in ("gate", "up", "down"))
            fused = functional.gelu(normed @ gate.T, approximate="tanh") * (normed @ up.T)
            hidden = hidden + _norm(fused @ down.T, state[prefix + "post_feedforward_layernorm.weight"])
        logits = _norm(hidden, state["model.norm.weight"]) @ _weight(state, "embedder.weight").T
        return _capped(logits, config.final_logit_softcapping)

    return forward


def _angles(length: int, width: int) -> Tensor:
    angles = torch.outer(torch.arange(length), 10000.0 ** (-torch.arange(0, width, 2) / width)).float()
    return torch.polar(torch.ones_like(angles), angles)


def _weight(state: State, name: str) -> Tensor:
    factors = state.get(f"{name}_scaler")
    return state[name] if factors is None else state[name] * factors.unsqueeze(-1)


def _norm(hidden: Tensor, weight: Tensor) -> Tensor:
    return hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + 1e-6) * (1 + weight)


def _capped(logits: Tensor, cap: float) -> Tensor:
    return torch.tanh(logits / cap) * cap


def _attention(state: State, prefix: str, config: Gemma2Config, hidden: Tensor, window: int | None) -> Tensor:
    """Fused projection, rotary embedding by complex numbers, queries scaled before the product."""
    T, N, G, H = len(hidden), config.num_attention_heads, config.num_key_value_heads, config.head_dim
    fused = hidden @ _weight(state, prefix + "qkv_proj.weight").T
    q, k, v = (
        part.view(T, -1, H).transpose(0, 1) for part in fused.split([N * H, G * H, G * H], dim=-1)
    )  # [heads, T, H]
    q, k = (
        torch.cat((turned.real, turned.imag), -1)
        for turned in (torch.complex(*part.chunk(2, -1)) * _angles(T, H) for part in (q, k))
    )
    k, v = (part.repeat_interleave(N // G, 0) for part in (k, v))
    scores = _capped((q * config.query_pre_attn_scalar**-0.5) @ k.transpose(1, 2), config.attn_logit_softcapping)
    seen = torch.ones(T, T).tril()
    if window is not None:
        seen = seen - torch.ones(T, T).tril(-window)
    scores = scores.masked_fill(seen == 0, -2.3819763e38)
    mixed = (scores.softmax(-1) @ v).transpose(0, 1).reshape(T, N * H)
    return mixed @ _weight(state, prefix + "o_proj.weight").T
