"""`gemma2-workbench`: the explorer, traces, figures, tables, masks and labels from the command line.

A command is two files: its parser, and what runs, which is imported when it runs. Only `app` and `bench` import gradio.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from pkgutil import resolve_name
from typing import NoReturn

from gemma2_workbench.apps.allocator import keep_freed_memory
from gemma2_workbench.apps.cli.ending import WRONG, ended, flush_output, in_one_line, set_output, take_signals
from gemma2_workbench.apps.cli.importing import imported
from gemma2_workbench.apps.cli.parsers import COMMANDS
from gemma2_workbench.apps.cli.parsers.sweep import SWEEPS
from gemma2_workbench.starting import COMMAND


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong with the flags."""

    def error(self, message: str) -> NoReturn:
        """End the process with exit code 2."""
        self.exit(WRONG, f"{COMMAND}: {in_one_line(message)}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 or what it returns, or 2 with a sentence on stderr where something is wrong.

    Ctrl-c gives 130. Without `arguments` those of the process are taken, and the process is the command's own: its
    signals are handled too, and its allocator is set.
    """
    if arguments is not None:
        return _run(arguments)
    set_output()
    keep_freed_memory()
    code = _run(None)
    try:
        flush_output()
    except BaseException as error:
        code = ended(error)
    # The process ends: to look for garbage among all that torch and gradio loaded would take seconds.
    gc.freeze()
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        words = sys.argv[1:] if arguments is None else arguments
        _check_values(words)
        options = parser().parse_args(_named(words))
        name = f"{__name__}.{options.run}"
        run = resolve_name(name) if arguments is not None else imported(name)
        if arguments is None:
            take_signals()
        return run(options) or 0
    except SystemExit as end:
        if arguments is not None:
            raise
        return int(end.code or 0)
    except BaseException as error:
        return ended(error)


def _named(words: Sequence[str]) -> Sequence[str]:
    """The words, where a command has two as one: `sweep merge`."""
    joined = " ".join(words[:2])
    return [joined, *words[2:]] if joined in SWEEPS else words


def _check_values(words: Sequence[str]) -> None:
    """Refuse `--flag=--`: argparse takes these dashes for the end of the flags, and then breaks for want of a value."""
    flags = list(words)[: words.index("--")] if "--" in words else words
    odd = next((word for word in flags if word.startswith("-") and word.endswith("=--")), None)
    if odd is not None:
        raise ValueError(f"{odd.removesuffix('=--')} has no value; two dashes stand before a text, as in: -- TEXT")


def parser() -> argparse.ArgumentParser:
    """The command line with all commands."""
    whole = Parser(COMMAND, description="See how Gemma 2 attends.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole
