"""What commands that run a model have in common: which model, and the text."""

import argparse
import sys

from workbench.loading import LoadedModel, load


def add_model(command: argparse.ArgumentParser) -> None:
    """The flags that choose a model and where it runs."""
    command.add_argument("--model", help="embedded name, folder or hub id; default: the embedded language model")
    command.add_argument("--dtype", help="float32, bfloat16 or float16")
    command.add_argument("--device", help="cpu, cuda, mps")


def loaded_model(options: argparse.Namespace, default: str | None = None) -> LoadedModel:
    """The model that the flags of `add_model` choose; `default` where none is named."""
    return load(options.model or default, dtype=options.dtype, device=options.device)


def given_text(text: str) -> str:
    """The text of an argument; `-` is standard input."""
    return sys.stdin.read() if text == "-" else text
