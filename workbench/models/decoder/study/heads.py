"""What a transformers model puts out, and where its classifier of texts reads: found in a pass.

Letters: T tokens, D model.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from gemma2_workbench.models.decoder.study.study import first_tensor

_LABELS = {"ForTokenClassification": "token", "ForSequenceClassification": "sequence"}
_SPEAKERS = frozenset(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())
_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "context_length", "max_target_positions", "n_ctx")
_UNBOUND = 32_768
# Of how many keys each query chooses so many by what they hold; of a text that has no more, it reads all.
_CHOSEN = ("index_topk", "indexer_budget", "keep_window_size")


def labels_of(model: nn.Module) -> str | None:
    """What the classes of a model are of, "token" or "sequence"; None where it is no classifier."""
    return next((kind for end, kind in _LABELS.items() if type(model).__name__.endswith(end)), None)


def is_speaker(model: nn.Module) -> bool:
    """Whether a model predicts next tokens: one that fills in masked ones does not."""
    name = type(model).__name__
    return name in _SPEAKERS or name.endswith(("ForCausalLM", "LMHeadModel"))


def text_token(model: Any, ids_1T: Tensor) -> str:
    """Where a classifier of texts reads: at the "first" token, the "last", or else the "mean" of all.

    Its scores depend on the last hidden states of these tokens, and of no others.
    """
    states: list[Tensor] = []

    def keep(_module: nn.Module, _args: object, out: object) -> None:
        found = first_tensor(out)
        if found is not None:
            states.append(found)

    handle = model.base_model.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            scores = first_tensor(model(input_ids=ids_1T))
            if scores is None or not states or states[0].shape[:2] != ids_1T.shape:
                return "mean"
            along = torch.randn(scores.shape, generator=torch.Generator().manual_seed(0)).to(scores)
            (grad_1TD,) = torch.autograd.grad((scores * along).sum(), states[0], allow_unused=True)
    finally:
        handle.remove()
    if grad_1TD is None:
        return "mean"
    read = grad_1TD[0].abs().amax(-1).nonzero().flatten().tolist()
    return {(0,): "first", (ids_1T.shape[1] - 1,): "last"}.get(tuple(read), "mean")


def words_of(model: Any) -> nn.Embedding | None:
    """The table of embeddings that a model reads its words by; None where it has none."""
    try:
        found = model.get_input_embeddings()
    except NotImplementedError:  # what transformers raises of a model that reads no words, or by several tables
        return None
    return found if isinstance(found, nn.Embedding) else None


def read_whole_of(model: Any) -> int:
    """How many tokens a text may have of which each query reads all that it may see, where others are chosen from."""
    config = model.config.get_text_config()
    said = [found for name in _CHOSEN if isinstance(found := getattr(config, name, None), int) and found > 0]
    return min([longest_of(model), *said])


def longest_of(model: Any) -> int:
    """How many tokens a model reads at most, as its configuration says; very many where it says nothing."""
    config = model.config.get_text_config()
    said = [found for name in _LENGTHS if isinstance(found := getattr(config, name, None), int)]
    named = next((length for length in said if length > 0), _UNBOUND)  # XLNet says -1 of texts without an end
    words = words_of(model)
    tables = [one for one in model.modules() if isinstance(one, nn.Embedding) and one is not words]
    # RoBERTa counts positions from the row after that of the padding.
    lost = [one.padding_idx + 1 for one in tables if one.num_embeddings == named and one.padding_idx is not None]
    return named - max(lost, default=0)
