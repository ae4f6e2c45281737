"""The flags that say how text is generated, from the fields of `Settings`: of `generate` and of `chat`."""

import argparse

from gemma2_workbench.apps.cli.numeric import number, whole_number
from gemma2_workbench.generation.settings import OPTIONS

_TYPES = {int: whole_number, float: number}


def add_sampling(command: argparse.ArgumentParser, most: int) -> None:
    """The flags; `most` is how many tokens there are where nobody says."""
    for option in OPTIONS:
        default = most if option.name == "max_new_tokens" else option.default
        command.add_argument(
            f"--{option.name.replace('_', '-')}",
            type=_TYPES.get(option.metadata.get("type"), str),
            choices=option.metadata.get("choices"),
            default=default,
            help=option.metadata["help"] + (f"; default {most}" if option.name == "max_new_tokens" else ""),
        )
