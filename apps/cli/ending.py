"""How a command ends: the exit code and the one line on stderr, whatever goes wrong."""

import errno
import io
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections import deque
from contextlib import suppress
from types import FrameType
from typing import TextIO

from gemma2_workbench.disk_errors import reason
from gemma2_workbench.starting import COMMAND, ENDING, STOPPED, Stopped, exit_code, stop_at_once, untouched

WRONG = 2  # what was given cannot be
FAULT = 70  # what nobody foresaw, as in sysexits.h
NOBODY_READS = 128 + 13  # as a shell reports a command that SIGPIPE ended
DEBUG = f"{COMMAND.upper().replace('-', '_')}_DEBUG"
_FORESEEN = (ValueError, OSError, MemoryError, ImportError, RuntimeError)
_ALLOCATION = re.compile(r"tried to allocate ([\d.]+ ?[a-z]+)|unable to allocate ([\d.]+ ?[a-z]+)", re.IGNORECASE)
_LONGEST = 2000
# Seconds in which SIGTERM that comes again is the same: `timeout` and Slurm send several.
_SAME = 5.0
# The last signal that came, and when.
_came: deque[tuple[int, float]] = deque(maxlen=1)


def take_signals() -> None:
    """Signals are exceptions again, now that all modules are loaded: `Stopped`, after which files can be tidied up."""
    if threading.current_thread() is threading.main_thread():
        for number in untouched():
            signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if number in ENDING and any(now - at < _SAME for _, at in _came):
        return
    _came.append((number, now))
    raise Stopped(number=number)


def ended(error: BaseException) -> int:
    """Say on stderr what ended the command, if there is anything to say; return the exit code."""
    code, sentence = ending(error)
    if _came and signal.getsignal(signal.SIGINT) is _stop:
        # A second ctrl-c waits for nothing.
        signal.signal(signal.SIGINT, stop_at_once)
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    if sentence and sys.stderr is not None:
        with suppress(OSError):  # the terminal may be gone, which SIGHUP says
            print(f"{COMMAND}: {in_one_line(sentence)}", file=sys.stderr)
    return code


def ending(error: BaseException) -> tuple[int, str]:
    """Exit code and sentence for an exception."""
    if isinstance(error, KeyboardInterrupt):
        stop = Stopped.of(error, str(error) or STOPPED)
        return exit_code(stop.number), str(stop)
    if isinstance(error, BrokenPipeError):
        return NOBODY_READS, ""
    if _came:
        # A library made another exception of it.
        return exit_code(_came[0][0]), STOPPED
    found = _ALLOCATION.search(str(error))
    if found or (isinstance(error, MemoryError) and not str(error)):
        asked = f": {found[1] or found[2]} were asked for at once" if found else ""
        return WRONG, f"there is not enough memory{asked}; take a shorter text or a smaller model"
    if isinstance(error, RecursionError):
        return WRONG, "what was given is nested too deeply to be read"
    if isinstance(error, UnicodeError):
        return WRONG, f"a text or a name is not valid UTF-8 ({error}); give UTF-8"
    if isinstance(error, OverflowError):
        return WRONG, f"a number that was given is too large ({error}); give a smaller one"
    if isinstance(error, OSError) and error.errno is not None:
        return WRONG, _of_system(error)
    if isinstance(error, _FORESEEN) and str(error):
        return WRONG, str(error)
    return FAULT, (
        f"{type(error).__name__}: {error}. This is a fault of the workbench: please report it, with what "
        f"{DEBUG}=1 prints when you run the command again"
    )


def _of_system(error: OSError) -> str:
    """What the system says, without its number and with the name of the file."""
    name = "" if error.filename is None else os.fsdecode(error.filename)
    if name and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return reason(name, error.errno)
    said = error.strerror or os.strerror(error.errno or 0)
    return f"{name}: {said}" if name else f"the output, or a file, cannot be read or written: {said}"


def in_one_line(sentence: str) -> str:
    """A sentence without line breaks, which what somebody gave may hold, and cut where it has no end."""
    line = " ".join(sentence.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."


def set_output() -> None:
    """What a terminal or file cannot hold is written as an escape, rather than the command failing at its end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush_output() -> None:
    """Write what is still to be written.

    Raises:
        OSError: nobody reads it, or there is no room for it; Python does not try again at its end.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError as error:
            _close(stream)
            if isinstance(error, BrokenPipeError):
                raise
            raise OSError(f"the output cannot be written: {error.strerror}") from error


def _close(stream: TextIO) -> None:
    """Let what is left of a stream go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
