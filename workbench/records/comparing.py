"""What differs between two records of one file, in sentences: every leaf is compared, none is left out."""

import json
from collections.abc import Iterator, Mapping

from gemma2_workbench.figures.text import one_line

MOST = 20  # differences that are told
_LONG = 160  # characters of a value
_ABSENT = object()
_LAST = ("numbers", "versions", "command")
# What a reader calls a part of a record; other parts go by their path.
_WORDS = {
    "model.weights_sha256": "weights (sha256)",
    "model.revision": "revision of the model",
    "model.weights.hashed": "what the checksum of the weights is of",
    "model.dtype": "dtype",
    "model.device": "device",
    "model.window": "window of the model",
    "model.causal": "whether the model hides later tokens",
    "setting.layers": "layers of the model",
    "ids": "token ids",
    "names": "tokens",
    "parity.sentence": "parity",
    "text": "text",
    "command": "command",
    "numbers.rows": "numbers",
    "numbers.sha256": "numbers",
}
_Path = tuple[str, ...]


def differences(
    then: Mapping[str, object], now: Mapping[str, object], names: tuple[str, str] = ("then", "now")
) -> tuple[str, ...]:
    """Sentences about everything in which two records differ; empty where nothing does.

    Args:
        then, now: what JSON can hold.
        names: what to call them.
    """
    several = bool(then.get("further_runs"))
    found = [f"{_words(path, several)}: {_unlike(path, old, new, names)}" for path, old, new in _leaves((), then, now)]
    more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
    return (*found[:MOST], *more)


def _leaves(path: _Path, then: object, now: object) -> Iterator[tuple[_Path, object, object]]:
    """Path and both values wherever they differ."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted({*then, *now}, key=lambda key: (_LAST.index(key) if key in _LAST and not path else -1, key)):
            yield from _leaves((*path, key), then.get(key, _ABSENT), now.get(key, _ABSENT))
    elif (
        isinstance(then, list)
        and isinstance(now, list)
        and len(then) == len(now)
        and any(isinstance(part, Mapping) for part in then)
    ):
        for number, pair in enumerate(zip(then, now, strict=True)):
            yield from _leaves((*path, str(number)), *pair)
    # As JSON, in which 1, 1.0 and true are not the same.
    elif _ABSENT in (then, now) or json.dumps(then) != json.dumps(now):
        yield path, then, now


def _words(path: _Path, several: bool) -> str:
    """What differs: a path, or the words for it, and of which run where there are several."""
    match path:
        case ("versions", name):
            return f"version of {one_line(name, 40)}"
        case ("further_runs", number, first, *rest):
            run, path = f" of run {int(number) + 1}", (first, *rest)
        case (("before" | "after") as side, first, *rest):
            run, path = f" {side}", (first, *rest)
        case (("model" | "text" | "ids" | "parity" | "overrides" | "block_rows" | "trace" | "lens"), *_) if several:
            run = " of run 0"
        case _:
            run = ""
    dotted = ".".join(path)
    return f"{_WORDS.get(dotted, one_line(dotted, _LONG))}{run}"


def _unlike(path: _Path, then: object, now: object, names: tuple[str, str]) -> str:
    first, second = names
    if path == ("numbers", "sha256"):
        return "other values"
    if path == ("numbers", "rows"):
        return f"{then} rows {first}, {now} {second}"
    if isinstance(then, list) and isinstance(now, list):
        if len(then) != len(now):
            return f"{len(then)} {first}, {len(now)} {second}"
        at = next(at for at, (old, new) in enumerate(zip(then, now, strict=True)) if repr(old) != repr(new))
        if len(then) > 8:
            return f"from position {at}, {first} {_short(then[at])}, {second} {_short(now[at])}"
        then, now = " ".join(map(str, then)), " ".join(map(str, now))
    return f"{first} {_short(then, now)}, {second} {_short(now, then)}"


def _short(value: object, other: object = None) -> str:
    """A value in a line; of a long one the part around the first character that the other one does not share."""
    if value is None or value is _ABSENT:
        return "none" if value is None else "absent"
    text = str(value)
    if len(text) <= _LONG:
        return one_line(text)
    pairs = enumerate(zip(text, str(other), strict=False))
    start = max(next((at for at, (mine, its) in pairs if mine != its), 0) - 30, 0)
    return f"{'…' * (start > 0)}{one_line(text[start : start + 80])}… ({len(text)} characters)"
