"""Quantised weights: what `quantize=` stands for, and what is needed for it."""

import logging
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import torch

from gemma2_workbench.models.weights.info import METHODS, Quantized, Shift

# Of the numbers that are rounded: each with its share of the scales of its row or block.
BYTES = {"int8": 1.0, "int4": 0.5 + 4 / 64}


def check_quantize(quantize: Any) -> None:
    """Refuse a method that there is none of, or whose package is not installed.

    Raises:
        ValueError: no such method.
        ImportError: no package for it; the sentence says how to install it.
    """
    if isinstance(quantize, str) and quantize not in METHODS:
        raise ValueError(f"quantize={quantize!r} is not possible; use {' or '.join(METHODS)}, or leave it out")
    library = _library(quantize)
    missing = [name for name in (library, "accelerate") if find_spec(name) is None]
    if quantize is not None and missing:
        raise ImportError(
            f"quantised weights need {' and '.join(missing)}, not installed here: pip install 'gemma2-workbench[quant]'"
        )


def configured(quantize: Any, dtype: torch.dtype) -> Any:
    """The configuration of transformers for a method, or the one that was given."""
    if not isinstance(quantize, str):
        return quantize
    from transformers import BitsAndBytesConfig

    # It tells at every layer of every pass that it computes in float16.
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    if quantize == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    # nf4 has a third less error than fp4 on normal weights, in the same room (arXiv 2305.14314).
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def method_of(quantize: Any) -> str:
    """`int8` or `int4`, where a configuration is one of them; else what it calls itself."""
    if isinstance(quantize, str):
        return quantize
    if getattr(quantize, "load_in_8bit", False):
        return "int8"
    if getattr(quantize, "load_in_4bit", False):
        return f"int4, {quantize.bnb_4bit_quant_type}"
    return str(getattr(quantize.quant_method, "value", quantize.quant_method))


def described(quantize: Any, shift: Shift | None) -> Quantized:
    """What is to be said of weights that were quantised so."""
    library = _library(quantize)
    return Quantized(method_of(quantize), f"{library} {version(library)}", shift)


def _library(quantize: Any) -> str:
    """The package that computes with such weights."""
    kind = str(getattr(getattr(quantize, "quant_method", None), "value", "bitsandbytes"))
    return "bitsandbytes" if kind.startswith("bitsandbytes") else kind
