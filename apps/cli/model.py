"""What commands that run a model have in common: which model, and the text."""

import argparse
import sys

from gemma2_workbench.classification.text_file import decoded
from gemma2_workbench.models.loading import Loaded, load


def loaded_model(options: argparse.Namespace) -> Loaded:
    """The model that the flags of `add_model` choose."""
    return load(options.model, dtype=options.dtype, device=options.device, quantize=options.quantize)


def given_text(text: str) -> str:
    """The text of an argument; `-` is standard input.

    Raises:
        ValueError: standard input is no UTF-8 text.
    """
    return decoded(sys.stdin.buffer.read(), "standard input") if text == "-" else text
