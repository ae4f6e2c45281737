"""Wrong values, and ways to spoil JSON and bytes."""

import copy
import json
from random import Random
from typing import Any

DEEP: Any = {"a": []}
for _ in range(60):
    DEEP = {"a": [DEEP]}

# Leaves that a JSON file may hold where something else belongs.
WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 7, 1.5, 24.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), float("-inf")),
    *(2**31, 2**63, -(2**63), 10**400, "", " ", "x", "0", "1", "-1", "NaN", "null", "true", "on", "float64", "gemma3"),
    *("\x00", "\ud800", "é\u0301", "../..", "/", "a" * 10_000, "٣", [], [None], [0], [1, 2, 3], ["x"], [[]], {}),
    *({"a": 1}, {"0": "O"}, {"": ""}, [{}], DEEP),
)
# Whole files that hold no object.
WHOLE: tuple[bytes, ...] = (
    *(b"", b" ", b"null", b"[]", b"[1, 2]", b"3", b'"x"', b"true", b"{", b"{}", b"}{", b"{'a': 1}", b"\x00", b"nan"),
    *(b"[" * 20_000, b'{"a":' * 20_000, b"\xff\xfe{\x00}\x00", b"\x80\x81", b"GGUF\x03\x00\x00\x00", b"PK\x03\x04"),
)

Place = tuple[str | int, ...]


def leaves(value: Any, at: Place = ()) -> list[Place]:
    """The places of all values inside JSON, containers included, the whole excluded."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[Place] = []
    for key, part in inner:
        found += [(*at, key), *leaves(part, (*at, key))]
    return found


def at(value: Any, path: Place) -> Any:
    """The part of JSON at a place."""
    for key in path:
        value = value[key]
    return value


def replaced(value: Any, path: Place, part: Any) -> Any:
    """A copy of JSON with another part at a place."""
    fresh = copy.deepcopy(value)
    at(fresh, path[:-1])[path[-1]] = part
    return fresh


def removed(value: Any, path: Place) -> Any:
    """A copy of JSON without the part at a place."""
    fresh = copy.deepcopy(value)
    del at(fresh, path[:-1])[path[-1]]
    return fresh


def kind_of(value: Any) -> str:
    """The JSON kind of a value; whole numbers and others are one."""
    if value is None or isinstance(value, bool):
        return str(value is None)
    return "number" if isinstance(value, int | float) else type(value).__name__


def as_json(value: Any) -> bytes:
    """JSON as a file holds it, lone surrogates escaped."""
    return json.dumps(value).encode()


def shown(value: Any, most: int = 60) -> str:
    """A value for a description."""
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**20 else f"a number of {len(str(value))} digits"
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def another(random: Random, value: Any) -> Any:
    """Another value of the same kind as `value`."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random.choice((1, -1, 2, 1000))
    if isinstance(value, float):
        return value * random.choice((0.5, 2.0, -1.0)) + random.choice((0.25, 1.0))
    if isinstance(value, str):
        place = random.randrange(len(value) + 1)
        return random.choice((value + "x", value[:place] + random.choice("xé7") + value[place:], "other"))
    return {"x": 1} if value is None else [*value, value[0]] if isinstance(value, list) and value else ["x"]


def spoilt(random: Random, data: bytes) -> tuple[str, bytes]:
    """Bytes that differ from `data`, and how."""
    start = random.randrange(max(1, len(data)))
    way = random.choice(("flip", "flip", "flip", "cut", "cut", "zeros", "twice", "swap", "grown", "header"))
    if way == "flip":
        bit = 1 << random.randrange(8)
        changed = data[:start] + bytes([data[start] ^ bit]) + data[start + 1 :]
        return f"bit {bit} of byte {start} flipped", changed
    length = random.randint(1, 64)
    if way == "cut":
        return f"cut off after {start} bytes", data[:start]
    if way == "zeros":
        part = bytes(len(data[start : start + length]))
        return f"zeros at {start}:{start + length}", data[:start] + part + data[start + length :]
    if way == "twice":
        return f"{start}:{start + length} twice", data[: start + length] + data[start:]
    if way == "grown":
        return f"{length} more bytes", data + random.randbytes(length)
    if way == "swap":
        middle = len(data) // 2
        return "both halves swapped", data[middle:] + data[:middle]
    return "another beginning", random.randbytes(8) + data[8:]
