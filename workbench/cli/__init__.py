"""`gemma2-workbench`: the explorer, traces, figures, tables, masks and labels from the command line.

One file per command: `add(commands)` declares it. Only `app` imports gradio, and when it runs.
"""

import argparse
import sys
from collections.abc import Sequence

from workbench.cli import app, bench, classify, evaluate, finetune, headvis, mask, models, redraw, trace, view, why

COMMANDS = (app, bench, trace, view, redraw, mask, classify, why, evaluate, models, finetune, headvis)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 or what it returns, or 2 with a sentence on stderr where something is wrong."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (ValueError, OSError, MemoryError, ImportError, RuntimeError) as error:
        print(f"gemma2-workbench: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The command line with all commands."""
    whole = argparse.ArgumentParser("gemma2-workbench", description="See how Gemma 2 attends.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole
