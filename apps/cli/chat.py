"""`gemma2-workbench chat`: turns from the terminal or from standard input, answers as they come.

Answers go to stdout, everything else to stderr; a prompt is shown only where both ends are a terminal.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event
from types import FrameType

from gemma2_workbench.apps.cli.ending import WRONG
from gemma2_workbench.apps.cli.model import loaded_model
from gemma2_workbench.apps.cli.sampling import settings_of, told, written
from gemma2_workbench.atomic import checked_target, write
from gemma2_workbench.classification.text_file import decoded
from gemma2_workbench.generation.conversation import Conversation
from gemma2_workbench.starting import Stopped
from gemma2_workbench.traces.capture import capture
from gemma2_workbench.traces.file import save_trace

HELP = """!help        this list
!clear       forget what was said
!save FILE   write the conversation as JSON
!trace FILE  keep what the last answer attended to, for `app --trace`, `figure` and `table`
!exit        end, as ctrl-d does; ctrl-c stops an answer and keeps the conversation"""
PROMPT = "> "
_ENDINGS = {"!save": "json", "!trace": "safetensors"}


def run(options: argparse.Namespace) -> int:
    """Talk until the input ends; 2 where a turn could not be answered and nobody was there to type another."""
    settings = settings_of(options)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    chat = Chat(Conversation(loaded_model(options), settings), in_terminal)
    _say(f"{chat.conversation.sentence}; !help lists the commands")
    if in_terminal:
        _in_terminal(chat)
        return 0
    wrong = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            if not chat.take(decoded(line, f"line {number} of standard input")):
                break
        except (ValueError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            _say(str(error))
            wrong = WRONG
    return wrong


class Chat:
    """A conversation and its commands; `stoppable` is whether ctrl-c stops an answer rather than the command."""

    def __init__(self, conversation: Conversation, stoppable: bool) -> None:
        self.conversation, self._stoppable = conversation, stoppable
        self._saved: set[Path] = set()

    def take(self, line: str) -> bool:
        """One line: a turn, a command, or nothing; False ends the chat.

        Raises:
            ValueError, OSError: it cannot be answered or done; the conversation stays as it is.
        """
        line = line.strip()
        if line.startswith("!") and not line[1:2].isspace():
            name, _, rest = line.partition(" ")
            return self._command(name, rest.strip())
        if line:
            self._answer(line)
        return True

    def _answer(self, text: str) -> None:
        for token in self.conversation.specials_in(text):
            _say(f"note: {token} in your text is read as that token, not as its letters")
        with _stoppable() if self._stoppable else nullcontext(lambda: False) as stop:
            made = self.conversation.answer(text, written, stop)
        written("\n")
        told(made, self.conversation.settings)
        if made.generation.stop == "stopped":
            _say("(stopped)")

    def _command(self, name: str, rest: str) -> bool:
        if name in _ENDINGS:
            self._keep(name, rest)
        elif rest or name not in ("!help", "!clear", "!exit"):
            raise ValueError(f"{name} {rest}".strip() + " is no command; !help lists them")
        elif name == "!help":
            _say(HELP)
        elif name == "!clear":
            self.conversation.clear()
            _say("forgotten")
        return name != "!exit"

    def _keep(self, name: str, file: str) -> None:
        """Write the conversation, or the trace of its last answer."""
        if not file:
            raise ValueError(f"{name} needs the name of a file, as in: {name} chat.{_ENDINGS[name]}")
        path = Path(file).expanduser()
        target = checked_target(path)
        if target.exists() and target not in self._saved:
            raise ValueError(f"{path} is there already; choose another name")
        if name == "!save":
            write(path, json.dumps(self.conversation.as_json(), ensure_ascii=False, indent=1) + "\n")
        elif self.conversation.last is None:
            raise ValueError("there is no answer yet")
        else:
            save_trace(capture(self.conversation.loaded, self.conversation.last), path)
        self._saved.add(target)
        _say(f"{path} written")


def _in_terminal(chat: Chat) -> None:
    """Turns from the keyboard, until ctrl-d."""
    import readline as readline  # from here on `input` knows the arrow keys

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while True:
            try:
                if not chat.take(input(PROMPT)):
                    return
            except EOFError:
                print()
                return
            except Stopped:
                raise
            except KeyboardInterrupt:
                _say("\nctrl-d or !exit ends the chat")
            except BrokenPipeError:
                raise
            except (ValueError, OSError) as error:
                _say(str(error))
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Whether ctrl-c was pressed inside, once; the second time it is an exception."""
    pressed = Event()

    def press(_signal: int, _frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
