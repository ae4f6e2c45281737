"""Ctrl-c while the modules of the command load, which takes seconds: one line and exit code 130, as afterwards.

It is imported before all others, and does something only where the process is the command.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

COMMAND = "gemma2-workbench"
STOPPED = "stopped"
INTERRUPTED = 130


def stop_at_once(_signal: int = signal.SIGINT, _frame: FrameType | None = None) -> None:
    """End the process here, with one line: for when there is nothing yet to tidy up, or no patience left."""
    os.write(2, f"{COMMAND}: {STOPPED}\n".encode())
    os._exit(INTERRUPTED)


def _is_command() -> bool:
    """Whether this process is `gemma2-workbench` or `python -m ....cli`, and not somebody's program."""
    words = sys.orig_argv
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else ""
    return Path(sys.argv[0] if sys.argv else "").stem == COMMAND or module.endswith(".cli")


# Where ctrl-c is ignored, as of a job in the background, it stays so.
if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, stop_at_once)
