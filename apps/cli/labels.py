"""Flags of the commands that read labels: at which sub-token they are read, and the columns of CoNLL files."""

import argparse
import sys
from collections.abc import Iterable

from gemma2_workbench.classification.choices import LABEL_TOKENS
from gemma2_workbench.classification.columns import Columns


def add_label_token(command: argparse.ArgumentParser, otherwise: str = "what the checkpoint says, else last") -> None:
    """The flag that says at which sub-token of a word its label is read."""
    command.add_argument(
        "--label-token",
        choices=LABEL_TOKENS,
        help=f"the sub-token of a word at which its label is read (mean: of the logits of all); default: {otherwise}",
    )


def add_columns(command: argparse.ArgumentParser) -> None:
    """The flags that say where words and tags are in a CoNLL file."""
    command.add_argument(
        "--token-column",
        metavar="N",
        help="column of the words where lines are not TOKEN<TAB>TAG: from 1 (the last is -1), or its name in a header "
        "line; default 1",
    )
    command.add_argument("--tag-column", metavar="N", help="column of the tags, likewise; default -1")
    command.add_argument("--many-columns", action="store_true", help="the first and the last column, as in CoNLL-2003")


def columns_of(options: argparse.Namespace) -> Columns | None:
    """The columns that the flags choose, None for TOKEN<TAB>TAG lines."""
    return Columns.of(options.token_column, options.tag_column, options.many_columns)


def note(remarks: Iterable[str]) -> None:
    """Say on stderr what one must know to trust labels, each once."""
    for remark in dict.fromkeys(remarks):
        print(f"note: {remark}", file=sys.stderr)
