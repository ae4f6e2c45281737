"""The texts on which a model of any family is studied and compared: ids that every vocabulary has."""

from typing import Any

import torch

from gemma2_workbench.models.decoder.attention.seam import KEY
from gemma2_workbench.models.decoder.study.heads import longest_of, words_of

STUDIED = 16  # tokens of the pass that is watched
_LONGEST = 1024  # the longest window that is looked for


def text_ids(model: Any, length: int = STUDIED) -> torch.Tensor:
    """Ids that every vocabulary has, different ones; the last ends a text where a classifier looks for its end."""
    words = words_of(model)
    vocabulary = 128 if words is None else words.num_embeddings  # bytes or characters, where it has no table
    ids_1T = (3 + torch.arange(length, device=model.device) * 7 % max(vocabulary - 4, 1))[None]
    end = getattr(model.config, "eos_token_id", None)
    if model.config.is_encoder_decoder and isinstance(end, int):
        ids_1T[ids_1T == end] += 1
        ids_1T[:, -1] = end
    return ids_1T


def beyond_windows(model: Any) -> int:
    """Tokens of a text that reaches beyond a window which a model makes itself, where its configuration tells it."""
    if model.config.get_text_config()._attn_implementation == KEY:
        return STUDIED  # transformers asks for the mask as a function, which knows no length
    said = vars(model.config.get_text_config()).items()
    windows = [value for name, value in said if "window" in name and isinstance(value, int) and value <= _LONGEST]
    return min(max([STUDIED, *(window + 8 for window in windows)]), longest_of(model))
