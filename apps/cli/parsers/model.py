"""The flags that choose a model."""

import argparse

from gemma2_workbench.models.reading.shipped import DEFAULT
from gemma2_workbench.models.weights.info import METHODS


def add_model(command: argparse.ArgumentParser, default: str = DEFAULT) -> None:
    """The flags that choose a model, `default` where none is named, and where it runs."""
    command.add_argument("--model", default=default, help=f"embedded name, folder or hub id; default: {default}")
    command.add_argument("--dtype", help="float32, bfloat16 or float16")
    command.add_argument("--device", help="cpu, cuda, mps")
    command.add_argument(
        "--quantize",
        choices=METHODS,
        help="weights of 8 or 4 bits (bitsandbytes): less memory, approximate numbers, and what is saved says so",
    )
