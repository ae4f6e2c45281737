"""A lean forward pass for training: the same weights and the same maths, less work per token.

What makes it faster than the readable model: local layers only touch key blocks inside their
window, the final softcap and the cross-entropy are fused with their gradients, blocks run in
bfloat16 where the CPU multiplies it fast, and everything between two products is compiled.
A test holds it to `Gemma2ForCausalLM` in float32.

Shape letters: B batch, T tokens, C blocks of a local layer, W window, N heads, G kv heads,
H head width, D model, V vocab, R rows of a chunk.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Weights = dict[str, Tensor]
CHUNK_ROWS = 512


@dataclass(frozen=True)
class Shape:
    """The numbers of a Gemma 2 configuration that the forward pass needs."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    window: int
    attention_cap: float
    final_cap: float
    scale: float
    epsilon: float
    rope_theta: float

    @classmethod
    def of(cls, config) -> "Shape":
        """Reads them from a Gemma2Config whose layers alternate local, global, local, ..."""
        kinds = ["sliding_attention", "full_attention"] * config.num_hidden_layers
        if list(config.layer_types) != kinds[: config.num_hidden_layers]:
            raise ValueError(f"layers must alternate local and global, got {config.layer_types}")
        return cls(
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            head_dim=config.head_dim,
            window=config.sliding_window,
            attention_cap=config.attn_logit_softcapping,
            final_cap=config.final_logit_softcapping,
            scale=config.query_pre_attn_scalar**-0.5,
            epsilon=config.rms_norm_eps,
            rope_theta=config.rope_parameters["rope_theta"],
        )


def rotary(tokens: int, shape: Shape, device: torch.device) -> tuple[Tensor, Tensor]:
    """Returns cosine and sine of the rotary angles, each of shape (T, H)."""
    half = torch.arange(0, shape.head_dim, 2, device=device, dtype=torch.float32)
    frequencies = shape.rope_theta ** (-half / shape.head_dim)
    angles = torch.arange(tokens, device=device, dtype=torch.float32)[:, None] * frequencies
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def _norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * (1 + weight)


def _rotate(x_BTNH: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x_BTNH.float().chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return x_BTNH * cos[:, None] + turned * sin[:, None]


def _mix(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor, shape: Shape) -> Tensor:
    """Capped attention of (..., T, H) queries to (..., S, H) keys; `hidden` marks unseen keys."""
    logits = (q @ k.transpose(-1, -2)).float() * shape.scale
    scores = torch.tanh(logits / shape.attention_cap) * shape.attention_cap
    probs = torch.softmax(scores.masked_fill(hidden, -torch.inf), dim=-1)
    return probs.to(v.dtype) @ v


def _global_attention(q: Tensor, k: Tensor, v: Tensor, shape: Shape) -> Tensor:
    tokens = q.shape[-2]
    at = torch.arange(tokens, device=q.device)
    return _mix(q, k, v, at[None, :] > at[:, None], shape)


def _local_attention(q: Tensor, k: Tensor, v: Tensor, shape: Shape) -> Tensor:
    """Each block of W queries sees its own block of keys and the one before."""
    window = shape.window
    if q.shape[-2] <= window:
        return _global_attention(q, k, v, shape)
    blocks = (-1, window)
    q_C, k_C, v_C = (x.unflatten(-2, blocks) for x in (q, k, v))
    before = [functional.pad(x, (0, 0, 0, 0, 1, 0))[..., :-1, :, :] for x in (k_C, v_C)]
    k_C = torch.cat([before[0], k_C], dim=-2)
    v_C = torch.cat([before[1], v_C], dim=-2)
    query = torch.arange(window, device=q.device)[:, None] + window
    key = torch.arange(2 * window, device=q.device)[None, :]
    hidden = ((key > query) | (key <= query - window)).repeat(q_C.shape[-3], 1, 1)
    hidden[0] |= key < window
    return _mix(q_C, k_C, v_C, hidden, shape).flatten(-3, -2)


def layer(x_BTD: Tensor, weights: Weights, cos: Tensor, sin: Tensor, shape: Shape, local: bool) -> Tensor:
    """One decoder layer. `weights` holds that layer's tensors by their short names."""
    kind = weights["q"].dtype
    batch, tokens, _ = x_BTD.shape
    normed = _norm(x_BTD, weights["before_attention"], shape.epsilon).to(kind)
    q = functional.linear(normed, weights["q"]).view(batch, tokens, shape.heads, -1)
    k = functional.linear(normed, weights["k"]).view(batch, tokens, shape.kv_heads, -1)
    v = functional.linear(normed, weights["v"]).view(batch, tokens, shape.kv_heads, -1)
    sharing = shape.heads // shape.kv_heads
    q = _rotate(q, cos, sin).to(kind).transpose(1, 2)
    k = _rotate(k, cos, sin).to(kind).transpose(1, 2).repeat_interleave(sharing, dim=1)
    v = v.transpose(1, 2).repeat_interleave(sharing, dim=1)
    mixed = (_local_attention if local else _global_attention)(q, k, v, shape)
    mixed = mixed.transpose(1, 2).reshape(batch, tokens, -1)
    added = functional.linear(mixed, weights["o"]).float()
    x_BTD = x_BTD + _norm(added, weights["after_attention"], shape.epsilon)
    normed = _norm(x_BTD, weights["before_mlp"], shape.epsilon).to(kind)
    gate = functional.gelu(functional.linear(normed, weights["gate"]), approximate="tanh")
    added = functional.linear(gate * functional.linear(normed, weights["up"]), weights["down"])
    return x_BTD + _norm(added.float(), weights["after_mlp"], shape.epsilon)


def _chunk_loss(logits: Tensor, targets: Tensor, cap: float) -> tuple[Tensor, Tensor]:
    """Sum of the losses of one chunk (R, V), and the gradient of that sum by its logits.

    Negative targets count for nothing.
    """
    bend = torch.tanh(logits.float() / cap)
    log_probs = torch.log_softmax(bend * cap, dim=-1)
    counted = (targets >= 0)[:, None]
    loss = -(log_probs.gather(-1, targets[:, None].clamp(min=0)) * counted).sum()
    right = torch.arange(logits.shape[-1], device=logits.device) == targets[:, None]
    return loss, (log_probs.exp() - right.float()) * (1 - bend * bend) * counted


class CappedCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy of softcapped logits, its gradients computed in the same sweep.

    Only one chunk of logits exists at a time: the (B*T, V) matrix never does.
    """

    @staticmethod
    def forward(ctx, x_RD: Tensor, embedding_VD: Tensor, targets_R: Tensor, cap, chunk_loss):
        """Returns the loss in nats per token; `chunk_loss` is `_chunk_loss` or a compiled one."""
        by_x = torch.empty_like(x_RD)
        by_embedding = torch.zeros_like(embedding_VD, dtype=torch.float32)
        counted = (targets_R >= 0).sum()
        total = x_RD.new_zeros((), dtype=torch.float32)
        for start in range(0, len(x_RD), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            loss, gradient = chunk_loss(x_RD[rows] @ embedding_VD.T, targets_R[rows], cap)
            gradient = gradient.to(x_RD.dtype)
            by_x[rows] = gradient @ embedding_VD
            by_embedding += gradient.T @ x_RD[rows]
            total += loss
        ctx.save_for_backward(by_x / counted, by_embedding / counted)
        return total / counted

    @staticmethod
    def backward(ctx, *grad_outputs):
        """Scales the stored gradients."""
        (gradient,) = grad_outputs
        by_x, by_embedding = ctx.saved_tensors
        return by_x * gradient, by_embedding * gradient, None, None, None


_NAMES = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
    "before_attention": "input_layernorm",
    "after_attention": "post_attention_layernorm",
    "before_mlp": "pre_feedforward_layernorm",
    "after_mlp": "post_feedforward_layernorm",
}


class LeanForward:
    """Computes the training loss from the parameters of a Gemma2ForCausalLM.

    Args:
        model: the model whose parameters are read (and receive the gradients).
        dtype: type of the matrix products; norms, residual stream and losses stay float32.
        compiled: whether to compile the parts with torch.compile.
    """

    def __init__(self, model, dtype: torch.dtype = torch.float32, compiled: bool = False):
        self.shape = Shape.of(model.config)
        self.dtype = dtype
        self.parameters: Weights = dict(model.named_parameters())
        self.layer: Callable = layer
        self.chunk_loss: Callable = _chunk_loss
        if compiled:
            # one variant per row length, kind of layer, and with or without gradients
            torch._dynamo.config.recompile_limit = 32
            self.layer = torch.compile(layer, dynamic=False)
            self.chunk_loss = torch.compile(_chunk_loss, dynamic=False)

    def _layer_weights(self, index: int) -> Weights:
        found = {}
        for short, name in _NAMES.items():
            weight = self.parameters[f"model.layers.{index}.{name}.weight"]
            found[short] = weight.to(self.dtype) if weight.ndim == 2 else weight
        return found

    def loss(self, ids_BT: Tensor, targets_BT: Tensor) -> Tensor:
        """Mean cross-entropy in nats over the targets that are not negative.

        T is at most the window, or a multiple of it.
        """
        embedding = self.parameters["model.embed_tokens.weight"]
        x = functional.embedding(ids_BT, embedding) * math.sqrt(embedding.shape[1])
        cos, sin = rotary(ids_BT.shape[1], self.shape, x.device)
        for index in range(self.shape.layers):
            weights = self._layer_weights(index)
            x = self.layer(x, weights, cos, sin, self.shape, index % 2 == 0)
        x = _norm(x, self.parameters["model.norm.weight"], self.shape.epsilon).to(self.dtype)
        return CappedCrossEntropy.apply(
            x.flatten(0, 1),
            embedding.to(self.dtype),
            targets_BT.flatten(),
            self.shape.final_cap,
            self.chunk_loss,
        )
