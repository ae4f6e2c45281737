"""Checks of what a forward pass is given: each refuses with what was given, what is allowed and what to do."""

import difflib
import inspect
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from gemma2_workbench.model.config import Gemma2Config

PROBLEM_TYPES = ("regression", "single_label_classification", "multi_label_classification")
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def reject_unknown(forward: Callable[..., object], unknown: Mapping[str, object]) -> None:
    """Raise TypeError for keyword arguments that `forward` does not have, naming the nearest it has."""
    if not unknown:
        return
    known = [name for name in inspect.signature(forward).parameters if name != "unknown"]
    name = next(iter(unknown))
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ";"
    raise TypeError(f"forward() has no keyword argument {name!r}{hint} Allowed: {', '.join(known)}")


def require_tensor(name: str, value: object) -> Tensor:
    """`value`, or TypeError where the argument called `name` is no tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {type(value).__name__}; convert it with torch.tensor(...)")
    return value


def check_kept(keep: object, tokens: int, has_labels: bool) -> int:
    """How many positions `logits_to_keep` keeps: 0 (all), a count from the end, or a 1-D tensor of positions.

    Raises:
        ValueError: wrong value, shape, dtype or range, or labels with fewer logits than tokens.
        TypeError: neither int nor tensor.
    """
    if isinstance(keep, int) and keep == 0:
        return tokens
    if has_labels:
        raise ValueError("labels need the logits of all positions: leave logits_to_keep at 0 when you pass labels")
    if isinstance(keep, int):
        if keep < 0:
            raise ValueError(f"logits_to_keep={keep} must be 0 (all), a positive count from the end, or positions")
        return min(keep, tokens)
    positions = require_tensor("logits_to_keep (if no int)", keep)
    if positions.ndim != 1 or positions.dtype not in INTEGERS:
        raise ValueError(f"logits_to_keep must be an int or a 1-D tensor of positions, got {_shape(positions)}")
    if positions.numel() and not -tokens <= int(positions.min()) <= int(positions.max()) < tokens:
        given = f"{int(positions.min())}..{int(positions.max())}"
        raise ValueError(f"logits_to_keep must lie in 0..{tokens - 1} (the new tokens), got {given}")
    return len(positions)


def check_tokens(
    input_ids: Tensor | None, inputs_embeds: Tensor | None, vocab: int, width: int, dtype: torch.dtype
) -> tuple[int, int]:
    """B and T of exactly one of ids [B, T] below `vocab` and embeddings [B, T, `width`] of `dtype`, not empty.

    Raises:
        ValueError: both or neither, wrong shape, dtype or range.
        TypeError: not a tensor.
    """
    if (input_ids is None) == (inputs_embeds is None):
        given = "both" if input_ids is not None else "neither"
        raise ValueError(f"give exactly one of input_ids and inputs_embeds; got {given}")
    name, tensor = ("input_ids", input_ids) if input_ids is not None else ("inputs_embeds", inputs_embeds)
    tensor = require_tensor(name, tensor)
    if inputs_embeds is not None:
        if inputs_embeds.ndim != 3 or inputs_embeds.shape[-1] != width or not inputs_embeds.is_floating_point():
            raise ValueError(f"inputs_embeds must be floats [batch, tokens, {width}], got {_shape(inputs_embeds)}")
        if inputs_embeds.dtype != dtype and not torch.is_autocast_enabled(inputs_embeds.device.type):
            raise ValueError(f"inputs_embeds must be of the weights' dtype {dtype}, got {inputs_embeds.dtype}")
    elif tensor.ndim != 2 or tensor.dtype not in INTEGERS:
        hint = "; add a batch axis with ids[None]" if tensor.ndim == 1 else ""
        raise ValueError(f"input_ids must be whole numbers [batch, tokens], got {_shape(tensor)}{hint}")
    if not tensor.numel():
        raise ValueError(f"there are no tokens: got {_shape(tensor)}; give at least one token in at least one row")
    if input_ids is not None:
        low, high = int(input_ids.min()), int(input_ids.max())
        if low < 0 or high >= vocab:
            raise ValueError(f"input_ids must lie in 0..{vocab - 1} (the vocabulary), got {low}..{high}")
    return tensor.shape[0], tensor.shape[1]


def check_length(past: int, new: int, config: Gemma2Config) -> None:
    """Raise ValueError where past + new tokens are more than a sequence may have."""
    if past + new > config.longest:
        raise ValueError(
            f"{past + new} tokens ({past} in the cache, {new} new) are more than {_limit(config)}; "
            "shorten the input, or raise max_position_embeddings in the config if the weights were trained for it"
        )


def _limit(config: Gemma2Config) -> str:
    """What limits the length of a sequence, in words."""
    trained = f"max_position_embeddings={config.max_position_embeddings}"
    if config.longest == config.max_position_embeddings:
        return trained
    return f"{trained}, extended to {config.longest} by rope_parameters"


def checked_mask(mask: Tensor | None, batch: int, past: int, new: int, device: torch.device) -> Tensor | None:
    """The padding mask as bool [B, P+T]; None where nothing is padded.

    Raises:
        ValueError: not 2-D, or not exactly one number per token of cache and input.
        TypeError: not a tensor.
    """
    if mask is None:
        return None
    require_tensor("attention_mask", mask)
    if mask.ndim != 2 or tuple(mask.shape) != (batch, past + new):
        hint = "" if mask.ndim == 2 else "; masks with more axes would bypass the sliding window and are not taken"
        raise ValueError(
            f"attention_mask must be [{batch}, {past + new}] (batch, {past} cached + {new} new tokens; 1 = token, "
            f"0 = padding), got {_shape(mask)}{hint}"
        )
    strange = mask[(mask != 0) & (mask != 1)]
    if strange.numel():
        given = strange[0].item()
        raise ValueError(f"attention_mask must hold 1 (token) and 0 (padding) only, got {given}; no additive masks")
    keep = mask.to(device=device, dtype=torch.bool)
    return None if bool(keep.all()) else keep


def checked_positions(positions: Tensor | None, batch: int, new: int, config: Gemma2Config) -> Tensor | None:
    """Position ids [B, T] or [1, T], whole numbers from 0 to what the configuration allows; None stays None.

    Raises:
        ValueError: wrong shape, dtype or range.
    """
    if positions is None:
        return None
    require_tensor("position_ids", positions)
    if positions.ndim != 2 or positions.shape[1] != new or positions.shape[0] not in (1, batch):
        raise ValueError(f"position_ids must be [{batch}, {new}] or [1, {new}], got {_shape(positions)}")
    if positions.dtype not in INTEGERS:
        raise ValueError(f"position_ids must be whole numbers, got {_shape(positions)}")
    low, high = int(positions.min()), int(positions.max())
    if low < 0 or high >= config.longest:
        raise ValueError(f"position_ids must lie in 0..{config.longest - 1} ({_limit(config)}), got {low}..{high}")
    return positions


def check_labels(
    labels: Tensor, shape: tuple[int, ...], classes: int, ignored: int = -100, name: str = "labels"
) -> None:
    """Class labels of exactly `shape`, whole numbers in 0..`classes` - 1 or `ignored`; `name` is the argument's.

    Raises:
        ValueError: wrong shape, dtype or range.
    """
    require_tensor(name, labels)
    if tuple(labels.shape) != shape or labels.dtype not in INTEGERS:
        raise ValueError(f"{name} must be whole numbers {list(shape)}, got {_shape(labels)}")
    counted = labels[labels != ignored]
    if counted.numel() and not 0 <= int(counted.min()) <= int(counted.max()) < classes:
        given = f"{int(counted.min())}..{int(counted.max())}"
        raise ValueError(f"{name} must lie in 0..{classes - 1}, or be {ignored} to be ignored, got {given}")


def checked_problem(labels: object, rows: int, classes: int, problem_type: str | None) -> str:
    """The kind of sequence-classification problem, after checking that the labels of `rows` sequences fit it.

    Without `problem_type` it follows from the number of classes and the dtype of the labels, as in transformers.

    Raises:
        ValueError: unknown kind, wrong shape, dtype or range.
        TypeError: labels are no tensor.
    """
    labels = require_tensor("labels", labels)
    whole = not (labels.is_floating_point() or labels.dtype == torch.bool)
    kind = problem_type or PROBLEM_TYPES[0 if classes == 1 else 1 if whole else 2]
    if kind not in PROBLEM_TYPES:
        raise ValueError(f"config.problem_type={kind!r} is not known; allowed: {', '.join(PROBLEM_TYPES)}")
    if kind == "single_label_classification":
        check_labels(labels.flatten(), (rows,), classes)
        return kind
    shapes = ((rows, classes), (rows,)) if classes == 1 else ((rows, classes),)
    if tuple(labels.shape) not in shapes:
        allowed = " or ".join(str(list(shape)) for shape in shapes)
        raise ValueError(f"labels for {kind} must be {allowed}, got {list(labels.shape)}")
    return kind


def _shape(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
