"""What is measured: `capture`, our plain pass, and what people would use instead, on the same weights.

Adding one: a function of the model and its text that returns what is timed, and a line in `PEERS`. What is timed
returns the tensors that it captured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from gemma2_workbench import capture

# Earlier commits, which are measured with these files too, have no such names.
if TYPE_CHECKING:
    from gemma2_workbench import Trace
    from gemma2_workbench.models.source import Source

Run = Callable[[], list[Tensor]]
PATTERNS = "hook_pattern"


@dataclass(frozen=True)
class Peer:
    """One way to run a text.

    Attributes:
        prepare: model, text -> what is timed.
        help: what it is, for the table.
        environment: variables that its process is started with.
    """

    prepare: Callable[["Source", str], Run]
    help: str
    environment: Mapping[str, str] = field(default_factory=dict)


class CannotRunError(RuntimeError):
    """Why a peer cannot be measured here, in a sentence."""


def ids_of(loaded: "Source", text: str) -> Tensor:
    """The token ids, [1, T]."""
    return torch.tensor([loaded.tokenizer(text)["input_ids"]])


def _capture(loaded: "Source", text: str) -> Run:
    def run() -> list[Tensor]:
        trace = capture(loaded, text, parity=False)
        return [*trace.folds.values(), *_kept(trace)]

    return run


def _capture_rows(loaded: "Source", text: str) -> Run:
    return lambda: _kept(capture(loaded, text, read=("attention",), parity=False))


def _kept(trace: "Trace") -> list[Tensor]:
    return [getattr(layer, part.name) for layer in trace.tensors for part in fields(layer)]


def _plain(loaded: "Source", text: str) -> Run:
    ids = ids_of(loaded, text)

    def run() -> list[Tensor]:
        loaded.model(ids, use_cache=False, logits_to_keep=1)
        return []

    return run


def _theirs(model: nn.Module, ids: Tensor, maps: bool = False) -> Run:
    def run() -> list[Tensor]:
        out = model(ids, output_attentions=maps, logits_to_keep=1, use_cache=False)
        return list(out.attentions or ()) if maps else []

    return run


def _eager(loaded: "Source", text: str) -> Run:
    return _theirs(loaded.reference(), ids_of(loaded, text))


def _eager_attentions(loaded: "Source", text: str) -> Run:
    return _theirs(loaded.reference(), ids_of(loaded, text), maps=True)


def _sdpa_no_cap(loaded: "Source", text: str) -> Run:
    """Transformers refuses sdpa for a model that caps: the cap, where there is one, is taken off first."""
    model: Any = loaded.reference()
    model.config._attn_implementation = "sdpa"
    for layer in model.model.layers:
        layer.self_attn.attn_logit_softcapping = None
    return _theirs(model, ids_of(loaded, text))


def _no_attention(loaded: "Source", text: str) -> Run:
    """Each token reads its own value, and no mask is made: what is left are the linear layers and the norms."""

    def own_value(module: Any, _q: Tensor, _k: Tensor, v_BGTH: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
        return v_BGTH.repeat_interleave(module.num_key_value_groups, 1).transpose(1, 2), None

    AttentionInterface.register("own_value", own_value)
    AttentionMaskInterface.register("own_value", lambda *_, **__: None)
    model: Any = loaded.reference()
    model.config._attn_implementation = "own_value"
    return _theirs(model, ids_of(loaded, text))


def _transformer_lens(loaded: "Source", text: str) -> Run:
    sources = _imported("transformer_lens.model_bridge.sources", "transformer-lens")
    model: Any = loaded.reference()
    bridge = sources.build_bridge_from_module(model, "Gemma2ForCausalLM", hf_config=model.config)
    ids = ids_of(loaded, text)

    def run() -> list[Tensor]:
        _, cache = bridge.run_with_cache(ids, names_filter=lambda name: name.endswith(PATTERNS))
        return [cache[name] for name in cache]

    return run


def _nnsight(loaded: "Source", text: str) -> Run:
    wrapped = _imported("nnsight", "nnsight").NNsight(loaded.reference())
    ids = ids_of(loaded, text)

    def run() -> list[Tensor]:
        maps: list[Tensor] = []
        with wrapped.trace(ids, logits_to_keep=1, use_cache=False):
            for layer in wrapped.model.layers:
                maps.append(layer.self_attn.output[1].save())
        return maps

    return run


def _imported(module: str, package: str) -> Any:
    """A module of a peer that is in the extra `bench` only."""
    try:
        return import_module(module)
    except ImportError as error:
        raise CannotRunError(
            f"{package} cannot be imported ({error}); pip install 'gemma2-workbench[bench]'"
        ) from error


# glibc that gives no memory back, with which eager attention spends no time on page faults.
KEEPING = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "34359738368",
    "MALLOC_TOP_PAD_": "1073741824",
}
PEERS: dict[str, Peer] = {
    "capture": Peer(_capture, "ours, all statistics, q, k and v"),
    "capture_rows": Peer(_capture_rows, "ours, q, k, v and log-sums, from which every stage follows; no statistics"),
    "plain": Peer(_plain, "ours, nothing watched"),
    "capture_malloc": Peer(_capture, "capture, malloc tuned to keep its memory, as in our commands and page", KEEPING),
    "plain_malloc": Peer(_plain, "plain, malloc tuned in the same way", KEEPING),
    "eager": Peer(_eager, "transformers, eager attention"),
    "eager_attentions": Peer(_eager_attentions, "transformers, `output_attentions=True`"),
    "eager_attentions_malloc": Peer(_eager_attentions, "the same, malloc tuned to keep its memory", KEEPING),
    "sdpa_no_cap": Peer(_sdpa_no_cap, "transformers, SDPA; of Gemma 2 with its softcap taken off: other numbers"),
    "no_attention": Peer(_no_attention, "transformers, linear layers and norms only"),
    "transformer_lens": Peer(_transformer_lens, "TransformerLens, `run_with_cache` of the patterns"),
    "nnsight": Peer(_nnsight, "nnsight, the patterns saved"),
}
