"""Giving an input to the program inside this process, with everything it prints caught."""

import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gemma2_workbench import ParityError
from gemma2_workbench.apps.cli import main
from tests.robustness.fuzz.case import Answer

REFUSALS = (ValueError, OSError, MemoryError, ParityError)
CODES = (0, 1, 2, 130)  # 1: redraw found a difference


class Streams:
    """Standard streams as a terminal has them: output in strict UTF-8, errors escaped."""

    def __init__(self, given: bytes = b"") -> None:
        self._out, self._err = io.BytesIO(), io.BytesIO()
        self.out = io.TextIOWrapper(self._out, "utf-8", write_through=True)
        self.err = io.TextIOWrapper(self._err, "utf-8", "backslashreplace", write_through=True)
        self.given = io.TextIOWrapper(io.BytesIO(given), "utf-8")

    def said(self) -> tuple[str, str]:
        """What was printed so far, on stdout and on stderr."""
        return self._out.getvalue().decode(), self._err.getvalue().decode()


@contextmanager
def caught(given: bytes = b"") -> Iterator[Streams]:
    """Catch both streams, the handlers of loggers included, which keep the stream that they were made with."""
    streams, kept = Streams(given), (sys.stdin, sys.stdout, sys.stderr)
    loggers = [logging.getLogger(), *map(logging.getLogger, ("transformers", "huggingface_hub", "torch", "gradio"))]
    handlers = [found for logger in loggers for found in logger.handlers if type(found) is logging.StreamHandler]
    before = [(handler, handler.setStream(streams.err)) for handler in handlers]
    sys.stdin, sys.stdout, sys.stderr = streams.given, streams.out, streams.err
    try:
        yield streams
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
        for handler, stream in before:
            if stream is not None:
                handler.setStream(stream)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, so that a relative name is never one of the user's files."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def command(*words: str | Path, given: bytes = b"", at: Path | None = None) -> Answer:
    """Run `gemma2-workbench` with these words.

    Args:
        words: the command and its arguments.
        given: standard input.
        at: the folder to work in.
    """
    with caught(given) as streams, inside(at or Path.cwd()):
        code, failure = 0, ""
        try:
            code = main([str(word) for word in words])
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 1
        except Exception as error:
            failure = told(error)
        out, said = streams.said()
    if not failure and code not in CODES:
        failure = f"exit code {code}"
    return Answer(code == 2, said, out, code, failure)


def called(function: Callable[..., Any], *given: Any) -> Answer:
    """Call a function of the library; its documented exceptions are refusals."""
    with caught():
        try:
            return Answer(False, "", value=function(*given))
        except UnicodeError as error:  # a ValueError that no code of ours raises
            return Answer(False, "", failure=told(error))
        except REFUSALS as error:
            return Answer(True, str(error))
        except Exception as error:
            return Answer(False, "", failure=told(error))


def told(error: BaseException) -> str:
    """An exception with the place where it was raised, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename and "robustness" not in frame.filename]
    place = ours[-1] if ours else frames[-1] if frames else None
    where = f" at {'/'.join(Path(place.filename).parts[-2:])}:{place.lineno}" if place else ""
    return f"{type(error).__name__}{where}: {' '.join(str(error).split())[:200]}"


def after_dashes(words: Sequence[str | Path], text: str) -> list[str | Path]:
    """A command with a text that may look like a flag."""
    return [*words, "--", text]
