"""Whether the rotary settings of a configuration can be computed with."""

from typing import Any

import torch
from transformers import Gemma2Config

from gemma2_workbench.model.rotary import DEFAULT, ROPE_TYPES, frequencies, trained_length


def check_rotary(config: Gemma2Config) -> None:
    """Check `rope_parameters` of a configuration whose sizes are right.

    Raises:
        ValueError: an unknown type, a setting that it lacks, or numbers that give no angles.
    """
    rotary: dict[str, Any] = dict(config.rope_parameters or {})
    rope_type = rotary.get("rope_type", DEFAULT)
    if rope_type not in ROPE_TYPES:
        raise ValueError(f"rope_type={rope_type!r} is not known; use {', '.join(map(repr, ROPE_TYPES))}")
    factor, trained = rotary.get("factor"), rotary.get("original_max_position_embeddings")
    if factor is not None and not (_is_number(factor) and 1 <= factor <= 2**31):
        raise ValueError(f"factor={factor!r} of rope_type={rope_type!r} must be a number from 1 to 2147483648")
    if trained is not None and not (isinstance(trained, int) and _is_number(trained) and 1 <= trained <= 2**62):
        raise ValueError(f"original_max_position_embeddings={trained!r} must be a whole number of at least 1")
    if rope_type != DEFAULT:
        _check_angles(config, rope_type)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_angles(config: Gemma2Config, rope_type: str) -> None:
    """Compute the frequencies as the first pass would, of a short and of a long sequence."""
    trained = trained_length(config)
    lengths = [None] if trained is None else [None, torch.tensor(trained + 1)]
    try:
        given = [frequencies(config, length) for length in lengths]
    except KeyError as error:
        raise ValueError(f"rope_type={rope_type!r} needs {error.args[0]!r} in rope_parameters") from error
    except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
        raise ValueError(f"rope_parameters of rope_type={rope_type!r} cannot be computed with: {error}") from error
    for per_position, scaling in given:
        if per_position.shape != (config.head_dim // 2,):
            raise ValueError(
                f"rope_parameters of rope_type={rope_type!r} turn {2 * len(per_position)} coordinates of each head; "
                f"Gemma 2 turns all head_dim={config.head_dim}, so leave partial_rotary_factor out"
            )
        if not (torch.isfinite(per_position).all() and 0 < scaling < float("inf")):
            raise ValueError(f"rope_parameters of rope_type={rope_type!r} give angles that are no numbers")
