"""Labelled files and texts in files: CoNLL, JSONL and others, well formed, odd, and bad in a known way.

Right is a refusal that a bad line deserves, or, of a file that is only odd, the words and tags that were put into it.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from gemma2_workbench.classification.finetune.data import read
from tests.robustness.fuzz.bases import TAGS, Bases
from tests.robustness.fuzz.case import Answer, Case, bad, fine
from tests.robustness.fuzz.commands import called, command
from tests.robustness.fuzz.stock import json_out, not_finite
from tests.robustness.fuzz.values import WHOLE, WRONG, leaves, removed, replaced, shown, spoilt

WORDS = (
    "Anna",
    "met",
    "Bob",
    "in",
    "Paris",
    "Mr.",
    "#",
    "-",
    "é",
    "中文",
    "👩\u200d👧",
    "a" * 80,
    "1",
    "2",
    "3.5",
    "<bos>",
    "“",
)
Sentences = list[list[tuple[str, str]]]


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A file, and a command that reads it."""
    return random.choice((_odd_conll, _bad_conll, _bad_conll, _columns, _odd_jsonl, _bad_jsonl, _bad_jsonl, _bytes))(
        random, bases, scratch
    )


def _sentences(random: Random) -> Sentences:
    """Sentences with tags that are right: an I- follows its B-."""
    found: Sentences = []
    for _ in range(random.randint(1, 4)):
        rows, before = [], "O"
        for _ in range(random.randint(1, 6)):
            kinds = [tag for tag in TAGS if not tag.startswith("I-") or before[2:] == tag[2:]]
            before = random.choice(kinds)
            rows.append((random.choice(WORDS), before))
        found.append(rows)
    return found


def _lines(sentences: Sentences, end: str = "\n", between: str = "") -> str:
    return (end + between + end).join(end.join(f"{word}\t{tag}" for word, tag in rows) for rows in sentences) + end


def _odd_conll(random: Random, bases: Bases, scratch: Path) -> Case:
    """Line ends, blanks and comments as editors leave them: nothing is lost."""
    sentences = _sentences(random)
    words = sum(map(len, sentences))
    text = _lines(sentences, random.choice(("\n", "\r\n")), random.choice(("", " ", "\t"))).encode()
    start = random.choice((b"", b"", b"\xef\xbb\xbf", b"\n\n", b"# note\n", b"# domain: x\n", b"#\n"))
    data = start + text + random.choice((b"", b"\n\n\n", b"  \n", b"# the end\n"))
    file = _file(scratch, "g.conll", data)
    if random.random() < 0.5:
        return _evaluated(file, bases, data, lambda answer: _other_count(answer, words))
    return Case(f"classify {shown(data, 300)}", _labelled(file, bases), lambda answer: _other_words(answer, sentences))


def _other_count(answer: Answer, words: int) -> str | None:
    record = json_out(answer)
    return not_finite(record) if record["words"] == words else f"{record['words']} words of {words}"


def _other_words(answer: Answer, sentences: Sentences) -> str | None:
    (found,) = json_out(answer)["inputs"]
    read = [[word["text"] for word in sentence["words"]] for sentence in found["sentences"]]
    right = [[word for word, _ in rows] for rows in sentences]
    return not_finite(found) if sum(read, []) == sum(right, []) else f"other words: {read}"


def _bad_conll(random: Random, bases: Bases, scratch: Path) -> Case:
    """One line that cannot be right."""
    lines = _lines(_sentences(random)).split("\n")
    line = random.choice(
        (
            *(
                "Anna",
                "Anna O",
                "\tO",
                "Anna\t",
                " \tO",
                "Anna\t\t",
                "Anna\tO\tB-PER",
                "#Anna",
                "Anna\tI",
                "-DOCSTART- X",
            ),
            *("Anna\tB-", "Anna\tB PER", "Anna\tB-PER extra", "Anna\tB-NOSUCH", "1\tAnna\tO", "\x00\tO", "x\x00\tO"),
        )
    )
    place = random.randrange(len(lines))
    mark = line.startswith("-DOCSTART-") and (place == 0 or not lines[place - 1].strip())  # of a document, rightly so
    lines.insert(place, line)
    data = "\n".join(lines).encode()
    # Tags that the classifier does not know can be scored (as never found); the same file cannot be trained on alone.
    unknown = line in ("Anna\tB-NOSUCH", "Anna\tI")
    file = _file(scratch, "g.conll", data)
    if not unknown and random.random() < 0.4:
        return _trained(random, file, bases, data, fine if mark else bad)
    return _evaluated(file, bases, data, _finite if unknown or mark else bad)


def _columns(random: Random, bases: Bases, scratch: Path) -> Case:
    """Columns of other formats: the words are never the numbers in front of them."""
    sentences, way = _sentences(random), random.randrange(4)
    blocks = []
    for rows in sentences:
        lines = []
        for at, (word, tag) in enumerate(rows, start=1):
            word = word.replace("#", "No.")  # with blanks behind it, a comment
            numbered = f"{at} {word} NNP I-NP {tag}", f"{at}\t{word}\t{word}\tPROPN\t{tag}", f"en:{word}\t{tag}"
            lines.append((*numbered, f"{word} NNP I-NP {tag}")[way])
        blocks.append("\n".join(lines))
    data = "\n\n".join(blocks).encode() + b"\n"
    file = _file(scratch, "g.conll", data)
    words = sum(map(len, sentences))
    # A file of one column of numbers, or of prefixed words, may be refused; read as if they were words it is wrong.
    numbers = any(len(rows) > 2 for rows in sentences)
    wrong = bad if way < 2 and numbers else lambda answer: _other_count(answer, words)
    return _evaluated(file, bases, data, wrong, "--many-columns")


def _evaluated(file: Path, bases: Bases, data: bytes, wrong: Any, *more: str) -> Case:
    words = ("evaluate", file, "--model", bases.classifier, "--format", "json", *more)
    return Case(f"evaluate {' '.join(more)} {shown(data, 300)}", lambda: command(*words, at=file.parent), wrong)


def _trained(random: Random, file: Path, bases: Bases, data: bytes, wrong: Any) -> Case:
    """Read for training: by the library, or by the command where it is refused before anything is trained."""
    if wrong is bad and random.random() < 0.5:
        words = ("finetune", file, "--model", bases.model, "--out", file.parent / "tuned", "--epochs", "1")
        return Case(f"finetune {shown(data, 300)}", lambda: command(*words, at=file.parent), bad)
    return Case(f"finetune.data.read {shown(data, 300)}", lambda: called(read, file), wrong)


def _row(random: Random, kind: int) -> dict[str, Any]:
    """A line of JSONL that is right."""
    if kind == 0:
        return {"tokens": ["Anna", "met", "Bob"], "tags": ["B-PER", "O", "B-PER"]}
    if kind == 1:
        place = random.choice(((0, 4), (9, 12)))
        return {"text": "Anna met Bob", "entities": [{"start": place[0], "end": place[1], "label": "PER"}]}
    return {"text": random.choice(("Anna met Bob", "good", "é")), "label": random.choice(("good", "bad"))}


def _odd_jsonl(random: Random, bases: Bases, scratch: Path) -> Case:
    """Blank lines, other line ends, escapes: every line is an example."""
    kind, count = random.randrange(3), random.randint(1, 4)
    lines = [json.dumps(_row(random, kind), ensure_ascii=random.random() < 0.5) for _ in range(count)]
    data = (random.choice(("\n", "\r\n", "\n\n")).join(lines) + random.choice(("", "\n", "\n \n"))).encode()
    file = _file(scratch, "g.jsonl", random.choice((b"", b"\xef\xbb\xbf")) + data)

    def wrong(answer: Answer) -> str | None:
        found = len(answer.value.examples)
        return None if found == count else f"{found} examples of {count}"

    return Case(f"finetune.data.read {shown(data, 300)}", lambda: called(read, file), wrong)


def _bad_jsonl(random: Random, bases: Bases, scratch: Path) -> Case:
    """One line that is no JSON, or in which one value cannot be right."""
    kind = random.randrange(3)
    row = _row(random, kind)
    if random.random() < 0.3:
        line = random.choice(
            (
                *('{"text": "a"', "nan", "[" * 50_000, "null", "[]", "3", '"x"', "{}", '{"text": "a", "label": NaN}'),
                *('{"tokens": ["a"], "tags": ["O", "O"]}', '{"tokens": [], "tags": []}', '{"text": " ", "label": "x"}'),
                *(
                    '{"text": "ab", "entities": [{"start": 1, "end": 9, "label": "X"}]}',
                    '{"text": "\\ud800", "label": "x"}',
                ),
                '{"text": "ab", "entities": [{"start": 0, "end": 2, "label": "X"}, '
                '{"start": 0, "end": 2, "label": "Y"}]}',
            )
        )
    else:
        path = random.choice(leaves(row))
        # What could be right: other texts, labels and numbers.
        wrong = [value for value in WRONG if not isinstance(value, str | int | float) or value is True]
        wrong = [value for value in wrong if value != [] or path != ("entities",)]
        chosen = random.choice((*wrong, ..., ..., ...))
        line = json.dumps(removed(row, path) if chosen is ... else replaced(row, path, chosen))
        if chosen is ... and not isinstance(path[-1], str):
            line = line if kind == 0 else '{"text": 1, "entities": 1}'
    data = "\n".join((json.dumps(_row(random, kind)), line)).encode()
    return _trained(random, _file(scratch, "g.jsonl", data), bases, data, bad)


def _bytes(random: Random, bases: Bases, scratch: Path) -> Case:
    """Any bytes under any ending."""
    name = random.choice(("g.conll", "g.jsonl", "g.tsv", "g.txt", "g.csv", "g.json", "g", "g.parquet", "g.pdf"))
    how, data = spoilt(random, _lines(_sentences(random)).encode("utf-16" if random.random() < 0.2 else "utf-8"))
    if random.random() < 0.3:
        data = random.choice(WHOLE)
    file = _file(scratch, name, data)
    way = random.randrange(3)
    if way == 0:
        return Case(f"finetune.data.read {name} {shown(data, 300)}", lambda: called(read, file), lambda _: None)
    if way == 1:
        return _evaluated(file, bases, data, _finite)
    return Case(f"classify {name} {shown(data, 300)}", _labelled(file, bases), _finite)


def _finite(answer: Answer) -> str | None:
    return not_finite(json_out(answer))


def _labelled(file: Path, bases: Bases) -> Callable[[], Answer]:
    """A file given to `classify`."""
    return partial(command, "classify", file, "--model", bases.classifier, "--format", "json", at=file.parent)


def _file(scratch: Path, name: str, data: bytes) -> Path:
    file = scratch / name
    file.write_bytes(data)
    return file
