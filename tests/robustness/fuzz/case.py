"""What a case is, and the rule by which it is judged.

Every case knows why its input is bad, or what the right answer to it is. An answer is right where

- it is refused in one sentence: exit code 2 (or the ValueError, OSError, MemoryError of the library), one line, no
  traceback, no insides of Python; or
- it is accepted and `Case.wrong` finds nothing: the numbers are finite and those of another program (stock
  transformers, the tokenizer, an own count), or nothing was spoilt after all.

Everything else is a fault: an exception that escapes, a hang, a long or unclear refusal, memory without bounds, and
above all a bad input that is accepted in silence. The rules never look at wording, so sentences may be improved.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.robustness.fuzz.bases import Bases

PROGRAM = "gemma2-workbench"
LONGEST = 600  # characters of a sentence that somebody reads
MOST_NOTES = 3  # lines before a refusal: what is being done, how long it takes
# What a person who made a mistake cannot use.
INSIDES = ("Traceback (most", "[Errno", "<class '", " object at 0x", "NoneType", "unpack", "subscriptable", "KeyError")


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        refused: whether the program said no.
        said: stderr of a command, the sentence of an exception, the body of a refused request.
        out: stdout of a command.
        value: what a function returned.
        failure: an exception that no user should see, "" for none.
    """

    refused: bool
    said: str
    out: str = ""
    value: Any = None
    failure: str = ""


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        description: the input, so that it can be repeated by hand.
        attempt: gives it to the program.
        wrong: what is wrong with an accepted answer, None where it is right.
    """

    description: str
    attempt: Callable[[], Answer]
    wrong: Callable[[Answer], str | None]


# A kind of input: its cases by number, always the same for the same random numbers.
Make = Callable[[Random, "Bases", Path], Case]


def bad(_: Answer) -> str:
    """For inputs that are bad whatever the program makes of them."""
    return "accepted in silence"


def fine(_: Answer) -> None:
    """For odd inputs that may be accepted as long as nothing breaks."""
    return


def fault_of(case: Case, answer: Answer) -> str | None:
    """What is wrong with an answer, None for nothing."""
    if answer.failure:
        return answer.failure
    return unclear(answer.said) if answer.refused else case.wrong(answer)


def unclear(said: str) -> str | None:
    """What is wrong with the words of a refusal: of a command, notes on what is being done may stand before them."""
    # What was given may be quoted as a whole.
    lines = re.sub(r"\S{60,}", "...", said.strip("\n")).split("\n")
    first = next((at for at, line in enumerate(lines) if line.startswith(PROGRAM)), 0)
    notes, sentence = lines[:first], "\n".join(lines[first:])
    usage = next((at for at, line in enumerate(notes) if line.startswith("usage: ")), len(notes))
    if not sentence.strip():
        return "refused without a word"
    if first + 1 < len(lines) or usage > MOST_NOTES or any(len(note) > LONGEST for note in notes[:usage]):
        return f"refused in {len(lines)} lines: {lines[0][:160]!r}"
    if len(sentence) > LONGEST:
        return f"refused in a sentence of {len(sentence)} characters: {sentence[:160]!r}"
    inside = next((word for word in INSIDES if word in said), None)
    return f"refused with the insides of the program ({inside}): {sentence[:240]!r}" if inside else None
