"""What differs between two records of one file: then and now, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.provenance.situation import KIND as MASK

# What a record says about a run, in the words of a sentence.
_MODEL = {
    "weights_sha256": "weights (sha256)",
    "revision": "revision of the model",
    "dtype": "dtype",
    "device": "device",
}
# What a record of masks says about the model and its tokens.
_OWN = {"window": "window of the model", "causal": "whether the model hides later tokens"}
_TOKENS = {"ids": "token ids", "names": "tokens"}


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Sentences about everything that a file's bytes depend on; empty where nothing differs."""
    return tuple(_differences(then, now))


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    yield from (_of_masks if then.get("kind") == MASK else _of_runs)(then, now)
    for name in sorted({*then["versions"], *now["versions"]}):
        yield from _one(f"version of {name}", then["versions"].get(name), now["versions"].get(name))
    if then["numbers"] != now["numbers"]:
        rows = then["numbers"]["rows"], now["numbers"]["rows"]
        yield f"numbers: {rows[0]} rows then, {rows[1]} now" if rows[0] != rows[1] else "numbers: other values"


def _of_masks(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What was read of the model: nothing where there is none."""
    for name, words in _OWN.items():
        yield from _one(words, (then["model"] or {}).get(name), (now["model"] or {}).get(name))
    for name, words in _TOKENS.items():
        if then[name] != now[name]:
            yield f"{words}: {_first(then[name], now[name])}"
    yield from _one("layers of the model", *(" ".join(record["setting"]["layers"]) for record in (then, now)))


def _of_runs(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before, after = ([record, *record.get("further_runs", [])] for record in (then, now))
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        where = f" of run {number}" if len(before) > 1 else ""
        for name, words in _MODEL.items():
            yield from _one(f"{words}{where}", old["model"][name], new["model"][name])
        yield from _one(f"text{where}", old["text"], new["text"])
        if old["ids"] != new["ids"]:
            yield f"token ids{where}: {_first(old['ids'], new['ids'])}"
        yield from _one(f"changes to the model{where}", _changes(old), _changes(new))
        # Reasons have none.
        if "parity" in old:
            yield from _one(f"parity{where}", old["parity"]["sentence"], new["parity"]["sentence"])


def _one(what: str, then: Any, now: Any) -> Iterator[str]:
    if then != now:
        yield f"{what}: then {_short(then)}, now {_short(now)}"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 160 else f"{text[:80]}… ({len(text)} characters)"


def _changes(run: Mapping[str, Any]) -> str:
    return ", ".join(change["sentence"] for change in run["overrides"]) or "none"


def _first(then: list[Any], now: list[Any]) -> str:
    """Where two lists part."""
    if len(then) != len(now):
        return f"{len(then)} then, {len(now)} now"
    at = next(at for at, pair in enumerate(zip(then, now, strict=True)) if pair[0] != pair[1])
    return f"from position {at}, then {then[at]}, now {now[at]}"
