"""`token_scores`: the class scores of every token of a Gemma 2 classifier.

Letters: B batch, T tokens, D model, C classes.
"""

from typing import Any

from torch import Tensor

from gemma2_workbench.models.parity.finite import check_finite


def token_scores(model: Any, ids_BT: Tensor, keep_BT: Tensor) -> Tensor:
    """The scores of one pass, [B, T, C].

    The head is applied to every token here, not by `model.forward`, which for a sequence classifier keeps only the last
    token's scores.

    Args:
        model: a token or sequence classifier, in eval mode.
        ids_BT: token ids.
        keep_BT: 1 for tokens and 0 for padding.

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """
    inputs = {"input_ids": ids_BT.to(model.device), "attention_mask": keep_BT.to(model.device)}

    def run() -> tuple[Tensor, Tensor]:
        hidden_BTD = model.base_model(**inputs, use_cache=False).last_hidden_state
        return hidden_BTD, model.score(hidden_BTD)

    hidden_BTD, logits_BTC = run()
    check_finite(model, run, hidden_BTD, logits_BTC)
    return logits_BTC
