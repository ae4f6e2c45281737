"""JSONL with words and tags, texts and entities, or texts and labels; every refusal names file and line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gemma2_workbench.classification.finetune.example import Example
from gemma2_workbench.classification.labels import tagged
from gemma2_workbench.classification.words import Span, sentence_spans, spaced, word_spans
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.limits import short
from gemma2_workbench.model.kinds import kind

FORMS = '{"tokens", "tags"}, {"text", "entities"} or {"text", "label"}'
_MOST_DIGITS = 18


def read_jsonl(path: Path, text: str) -> tuple[str, list[Example]]:
    """Returns "token" or "sequence" and the examples of a file with this text.

    Raises:
        ValueError: a line is not JSON, not one of the three forms, or does not fit the lines before it.
    """
    task, examples = "", []
    # Not splitlines: JSON may hold U+2028 and its kin inside strings.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            record = json.loads(line, object_pairs_hook=_once, parse_int=_whole)
        except json.JSONDecodeError as error:
            raise ValueError(f"{where}: not JSON: {error.msg} at column {error.colno}") from None
        except RecursionError:
            raise ValueError(f"{where}: brackets within brackets too deep; expected {FORMS}") from None
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        keys = set(record) if isinstance(record, dict) else set()
        if {"text", "label"} <= keys and "entities" not in keys:
            found, rows = "sequence", [_sequence(where, record)]
        elif {"tokens", "tags"} <= keys:
            found, rows = "token", [_words(where, record)]
        elif {"text", "entities"} <= keys:
            found, rows = "token", list(_sentences(where, record))
        else:
            named = (
                f" with {short(', '.join(map(repr, sorted(keys)))) or 'no keys'}" if isinstance(record, dict) else ""
            )
            raise ValueError(f"{where}: expected {FORMS}, got {kind(record)}{named}")
        if task and found != task:
            raise ValueError(f"{where}: this line is for --task {found}, the lines before it are for --task {task}")
        task = found
        for row in rows:
            row.check()
        examples += rows
    return task, examples


def _once(pairs: list[tuple[str, object]]) -> JsonObject:
    """An object whose keys stand there once each; of two JSON readers would silently take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands there twice")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits, more than any offset or label has")
    return int(digits)


def _sequence(where: str, record: JsonObject) -> Example:
    text, label = record["text"], record["label"]
    _require_text(where, text)
    if isinstance(label, bool) or not isinstance(label, (str, int)):
        raise ValueError(f"{where}: label must be a string or a whole number, got {short(json.dumps(label))}")
    return Example(text, ((0, len(text)),), (str(label),), where)


def _words(where: str, record: JsonObject) -> Example:
    for name in ("tokens", "tags"):
        value = record[name]
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{where}: {name} must be a list of strings that is not empty")
    words, tags = record["tokens"], record["tags"]
    if len(words) != len(tags):
        raise ValueError(f"{where}: {len(words)} tokens but {len(tags)} tags; every token needs exactly one tag")
    text, spans = spaced(words)
    return Example(text, tuple(spans), tuple(tags), where)


def _sentences(where: str, record: JsonObject) -> Iterator[Example]:
    """One example per sentence, as the workbench reads a text in use; an entity keeps two sentences together."""
    text = record["text"]
    _require_text(where, text)
    words = word_spans(text)
    found = _entities(where, text, words, record["entities"])
    tags = tagged(found, len(words))
    starts: list[Span] = []
    for start, end in sentence_spans(text):
        inside = any(words[first][0] < start < words[stop - 1][1] for _, first, stop in found)
        starts = [*starts[:-1], (starts[-1][0], end)] if inside else [*starts, (start, end)]
    for start, end in starts:
        own = [at for at, (first, stop) in enumerate(words) if start <= first and stop <= end]
        spans = tuple((words[at][0] - start, words[at][1] - start) for at in own)
        yield Example(text[start:end], spans, tuple(tags[at] for at in own), where)


def _entities(where: str, text: str, words: list[Span], given: Any) -> list[tuple[str, int, int]]:
    """Entities as (label, first word, word after the last), in the order of the text."""
    if not isinstance(given, list):
        raise ValueError(f"{where}: entities must be a list of {{start, end, label}}")
    found: list[tuple[str, int, int]] = []
    for entity in given:
        fields = [entity.get(key) for key in ("start", "end", "label")] if isinstance(entity, dict) else [None] * 3
        start, end, label = fields
        if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label:
            raise ValueError(
                f"{where}: an entity needs whole numbers start and end and a label, got {short(json.dumps(entity))}"
            )
        if end <= start:
            raise ValueError(
                f"{where}: the entity {start}..{end} is empty; end is the offset behind its last character"
            )
        if start < 0 or end > len(text):
            raise ValueError(f"{where}: the entity {start}..{end} lies outside the text of {len(text)} characters")
        touched = [at for at, (first, stop) in enumerate(words) if first < end and stop > start]
        if not touched:
            raise ValueError(f"{where}: the entity {start}..{end} holds no word, only white space")
        for first, stop in (words[touched[0]], words[touched[-1]]):
            if first < start or stop > end:
                raise ValueError(
                    f"{where}: the entity {text[start:end]!r} ({start}..{end}) cuts the word {text[first:stop]!r} "
                    f"({first}..{stop}); move its ends, or give tokens and tags"
                )
        found.append((label, touched[0], touched[-1] + 1))
    found.sort(key=lambda entity: entity[1])
    for (one, _, stop), (other, first, _) in zip(found, found[1:], strict=False):
        if first < stop:
            raise ValueError(f"{where}: two entities ({one} and {other}) overlap at {text[slice(*words[first])]!r}")
    return found


def _require_text(where: str, text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{where}: text must be a string that is not empty, got {short(json.dumps(text))}")
