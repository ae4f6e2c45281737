"""Attention of models that work on their mask themselves: they are given it whole, and their scores are looked at.

Doge adds a number for each key to its mask; the indexer of DeepSeek chooses keys by it. What comes out has to be of a
form that is known, as that of models whose softmax is their own (`OwnScores`).
"""

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from gemma2_workbench.model.equation import attention_logits
from gemma2_workbench.models.decoder.attention.scores import OwnScores
from gemma2_workbench.models.decoder.attention.seam import KEY, check_keywords, of_its_own, scale_of
from gemma2_workbench.models.decoder.refused import RefusedError

WHOLE = f"{KEY}_whole_mask"


def attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: object, **keywords: Any
) -> tuple[Tensor, None]:
    """What is registered with transformers' `AttentionInterface`: [B, N, T, H] in, [B, T, N, H] out.

    Raises:
        RefusedError: a keyword or scores of a form that is not known, or keys that a query reads none of.
    """
    chosen = keywords.pop("indices", None)
    check_keywords(module, keywords)
    if keywords.get("softcap") is not None or not isinstance(attention_mask, Tensor):
        raise RefusedError("it works on its mask itself, and caps its scores or has layers without a mask")
    if chosen is not None and chosen.shape[-1] < key.shape[2]:
        raise RefusedError(
            f"each of its queries reads {chosen.shape[-1]} keys that are chosen by what they hold, and the text has "
            f"{key.shape[2]} tokens; up to {chosen.shape[-1]} all are read"
        )
    scores_BNTS = attention_logits(query, key, scale_of(query, keywords)) + attention_mask
    out_BNTH = of_its_own(module, OwnScores(query, key, value, scores_BNTS.detach()), keywords.get("s_aux"))
    return out_BNTH.transpose(1, 2).contiguous(), None


AttentionInterface.register(WHOLE, attention)
AttentionMaskInterface.register(WHOLE, eager_mask)
