"""Signals that end a command: `Stopped`, and what they do while the modules of the command load, which takes seconds.

Ctrl-c, SIGTERM (Slurm before it kills, `docker stop`) and SIGHUP (a closed terminal) give one line and an exit code of
their own. This is imported before all others, and does something only where the process is the command.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Self

COMMAND = "gemma2-workbench"
STOPPED = "stopped"
# Windows has no SIGHUP.
ENDING = tuple(signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__)


class Stopped(KeyboardInterrupt):
    """A signal ends what is done; the message says what was kept and how to go on.

    Args:
        sentence: the message.
        number: of the signal.
    """

    def __init__(self, sentence: str = STOPPED, number: int = signal.SIGINT) -> None:
        super().__init__(sentence)
        self.number = number

    @classmethod
    def of(cls, stop: KeyboardInterrupt, sentence: str) -> Self:
        """The same with another sentence."""
        return cls(sentence, stop.number if isinstance(stop, Stopped) else signal.SIGINT)


def exit_code(number: int) -> int:
    """As a shell reports a command that a signal ended: 130 for ctrl-c, 143 for SIGTERM."""
    return 128 + number


def stop_at_once(number: int = signal.SIGINT, _frame: FrameType | None = None) -> None:
    """End the process here, with one line: for when there is nothing yet to tidy up, or no patience left."""
    os.write(2, f"{COMMAND}: {STOPPED}\n".encode())
    os._exit(exit_code(number))


def _is_command() -> bool:
    """Whether this process is `gemma2-workbench` or `python -m ....cli`, and not somebody's program or a worker."""
    words = sys.orig_argv
    if "--multiprocessing-fork" in words:
        return False
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else ""
    return Path(sys.argv[0] if sys.argv else "").stem == COMMAND or module.endswith(".cli")


def untouched() -> Iterator[int]:
    """The signals that nobody has handled so far. One that is ignored, as for a job in the background, stays so."""
    for number in (signal.SIGINT, *ENDING):
        if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL, stop_at_once):
            yield number


if _is_command():
    for each in untouched():
        signal.signal(each, stop_at_once)
