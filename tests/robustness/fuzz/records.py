"""Records: sidecars with other contents, files with records inside that were damaged or crafted.

Right is a refusal or a word about the difference. `redraw` that says of a changed record, or of a changed file that
carries its own, exactly what it says of the true one has accepted it in silence.
"""

import io
import json
import re
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.robustness.fuzz.bases import Bases, json_of, put
from tests.robustness.fuzz.case import Answer, Case, bad, fine
from tests.robustness.fuzz.commands import command
from tests.robustness.fuzz.values import WHOLE, WRONG, another, at, leaves, removed, replaced, shown, spoilt

INSIDE = ("a.pdf", "a.svg", "a.png", "a.html", "t.parquet", "t.tex", "m.npz", "m.safetensors", "mask.svg", "why.svg")
# Numbers for which the work of drawing has to be bounded.
HUGE = (10**6, 10**9, 2**31, 2**63, 1e9, -1, 0)


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A saved file whose record is not as it was written."""
    return random.choice((_leaf, _leaf, _leaf, _leaf, _inside, _inside, _crafted, _whole, _work))(
        random, bases, scratch
    )


def _beside(random: Random, bases: Bases, scratch: Path) -> tuple[Path, Any]:
    """A copy of a file, and its record."""
    name = random.choice(list(bases.files))
    file = scratch / name
    file.write_bytes(bases.files[name].read_bytes())
    return file, json_of(Path(f"{bases.files[name]}.json"))


def _case(file: Path, what: str, wrong: Any) -> Case:
    """The record beside the file, drawn again."""
    return Case(f"redraw: {file.name} {what}", lambda: command("redraw", file, at=file.parent), wrong)


def _leaf(random: Random, bases: Bases, scratch: Path) -> Case:
    """A part of the sidecar removed, of another kind, or with another value."""
    file, record = _beside(random, bases, scratch)
    path = random.choice(leaves(record))
    way, name = random.randrange(5), ".".join(map(str, path))
    if way == 0:
        changed, what = removed(record, path), f"without {name}"
    else:
        value = random.choice(WRONG) if way == 1 else another(random, at(record, path))
        changed, what = replaced(record, path, value), f"{name}={shown(value)}"
    sidecar = Path(f"{file}.json")
    put(sidecar, json.dumps(changed).encode())
    return _case(sidecar, what, fine if changed == record else lambda answer: _silent(answer, bases.files[file.name]))


def _silent(answer: Answer, base: Path) -> str | None:
    """Whether the answer is the one to the true record, word for word."""
    out, said = _true_answer(base)
    # Between the two may stand how long a run takes.
    return "accepted in silence" if answer.out == out and _words(answer.said) == _words(said) else None


@cache
def _true_answer(base: Path) -> tuple[str, str]:
    answer = command("redraw", f"{base}.json", at=base.parent)
    if answer.refused or answer.failure or answer.value != 0:
        raise RuntimeError(f"{base.name} cannot be drawn again: {answer.failure or answer.said or answer.out}")
    return answer.out, answer.said


def _words(text: str) -> str:
    return re.sub(r"[\d.]+", "0", text)


def _inside(random: Random, bases: Bases, scratch: Path) -> Case:
    """A file that carries its record, damaged anywhere: it can never be the same bytes."""
    name = random.choice(INSIDE)
    data = bases.files[name].read_bytes()
    file = scratch / name
    if random.random() < 0.6:
        how, changed = spoilt(random, data)
    else:
        how, changed = _other_json(random, data)
    file.write_bytes(changed)
    return _case(file, how, lambda answer: None if answer.value == 1 or changed == data else bad(answer))


def _other_json(random: Random, data: bytes) -> tuple[str, bytes]:
    """Another character somewhere in the record, wherever the format keeps it."""
    start = max(data.find(b"gemma2-workbench"), 0)
    place = random.randrange(start, min(len(data), start + 3000))
    character = random.choice(
        (b'"', b"{", b"}", b"[", b"0", b"9", b",", b"\\", b"<", b"&", b"\x00", b"\xff", b"-", b"e")
    )
    return f"{character!r} at {place}", data[:place] + character + data[place + 1 :]


def _crafted(random: Random, bases: Bases, scratch: Path) -> Case:
    """Carriers that hold something else, or far too much."""
    name, data = random.choice((*_CARRIERS, ("x.npz", None)))
    data = _bomb() if data is None else data
    file = scratch / name
    file.write_bytes(data)
    return _case(file, f"of {len(data)} bytes", bad)


@cache
def _bomb() -> bytes:
    """An .npz whose arrays unfold to 3 GB of zeros; deflated twice less it is 3 MB."""
    packed = io.BytesIO()
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3000000000,), }"
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("about.npy", "w", force_zip64=True) as entry,
    ):
        entry.write(header.ljust(127) + b"\n")
        for _ in range(3000):
            entry.write(bytes(1_000_000))
    return packed.getvalue()


def _zipped(names: tuple[str, ...], data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, data)
    return packed.getvalue()


_CARRIERS: tuple[tuple[str, bytes], ...] = (
    *(("x.svg", b"<svg>" * 20_000), ("x.svg", b"<svg/>"), ("x.svg", b""), ("x.pdf", b"%PDF-1.4\n/Subject ({)")),
    ("x.svg", b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "' + b"&a;" * 9 + b'">]><svg>&b;</svg>'),
    ("x.svg", b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/hostname">]><svg>&x;</svg>'),
    *(
        ("x.pdf", b"/Subject (" + b"\\" * 100_000),
        ("x.pdf", b"/Subject (" + b"(" * 100_000 + b")"),
        ("x.png", b"\x89PNG\r\n\x1a\n"),
    ),
    *(("x.html", b'<script type="application/json" id="provenance">' + b"[" * 90_000 + b"</script>"), ("x.html", b"")),
    *(("x.parquet", b"PAR1" * 100), ("x.npz", b"PK\x03\x04"), ("x.npz", _zipped(("about.npy",), b"\x93NUMPY\x01\x00"))),
    *(
        ("x.npz", _zipped(("other.npy",), b"")),
        ("x.safetensors", b"\xff" * 8),
        ("x.safetensors", (2).to_bytes(8, "little") + b"{}"),
    ),
    *(
        ("x.tex", b"% gemma2-workbench record: {}"),
        ("x.csv", b"a,b\n1,2\n"),
        ("x.json", b'{"tool": "gemma2-workbench"}'),
    ),
    *(("x.json", b'{"tool": "gemma2-workbench", "record": 1, "kind": "mask"}'), ("x.gif", b"GIF89a"), ("x", b"")),
)


def _whole(random: Random, bases: Bases, scratch: Path) -> Case:
    """A sidecar that is no object."""
    file, _ = _beside(random, bases, scratch)
    data = random.choice(WHOLE)
    put(Path(f"{file}.json"), data)
    return _case(Path(f"{file}.json"), f"is {shown(data)}", bad)


def _work(random: Random, bases: Bases, scratch: Path) -> Case:
    """A record that asks for work without end: it is refused, or its work is bounded (the watchdog and the memory)."""
    file, record = _beside(random, bases, scratch)
    way = random.choice(("runs", "panels", "number", "number", "text", "passes", "hub"))
    if way == "runs" and record.get("further_runs") is not None:
        run = {key: record[key] for key in record if key not in ("further_runs", "panels")}
        record["further_runs"] = [run] * random.choice((50, 1000, 5000))
    elif way == "panels" and record.get("panels"):
        record["panels"] = record["panels"] * random.choice((500, 20_000))
    elif way == "text" and record.get("text"):
        record["text"] = record["text"] * random.choice((100, 20_000))
    elif way == "passes" and isinstance(record.get("setting"), dict):
        record["setting"] |= {"tokens": random.choice((10**4, 10**6, 10**9)), "decode": 10**3}
    elif way == "hub" and isinstance(record.get("model"), dict):
        record["model"] |= {"name": "google/gemma-2-2b", "source": "google/gemma-2-2b"}
    else:
        way = "number"
    if way == "number":
        numbers = [path for path in leaves(record) if type(at(record, path)) in (int, float)]
        path, value = random.choice(numbers), random.choice(HUGE)
        way, record = f"{'.'.join(map(str, path))}={value}", replaced(record, path, value)
    sidecar, true = Path(f"{file}.json"), json_of(Path(f"{bases.files[file.name]}.json"))
    put(sidecar, json.dumps(record).encode())
    wrong = fine if record == true else lambda answer: _silent(answer, bases.files[file.name])
    return _case(sidecar, f"with work without end: {way}", wrong)
