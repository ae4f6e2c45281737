"""Records of strangers: every leaf is compared or refused, damaged files are one sentence, the work is bounded."""

import copy
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemma2_workbench import LoadedModel, Trace, capture, view_named
from gemma2_workbench.apps.cli import main
from gemma2_workbench.models.loading import ModelNotFoundError
from gemma2_workbench.records import again, limits, nearby
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.comparing import differences
from gemma2_workbench.records.json_text import MOST_BYTES
from gemma2_workbench.records.limits import check_cells, check_pixels
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.reading import read_record
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.view_recipe import ViewRecipe

TEXT = "Anna met Bob"
KINDS = {
    "view.csv": ["table", "attention", "--layer", "1", "--head", "2", "--text", TEXT],
    # Coloured text is a figure without matplotlib: two runs of a modified model, two scales.
    "strips.tex": ["figure", "text", "--layer", "0", "--key", "1", "--softcap", "5", "--venue", "acl"]
    + ["--text", TEXT, "--text", "Bob met Anna"],
    "maps.npz": ["table", "attention", "--layer", "0", "1", "--head", "2", "3", "--text", TEXT],
    "maps.safetensors": ["table", "attention", "--layer", "1", "--causal", "off", "--text", TEXT],
    "lens.csv": ["table", "contributions", "--token", " the", "--position", "2", "--ablate", "1.2", "--text", TEXT],
    "pair.csv": ["compare", "--layer", "1", "--ablate", "1.2", "--text", TEXT],
    "mask.csv": ["mask", "--window", "2", "--padding", "1", "--text", TEXT],
    "layers.csv": ["mask", "--layers", "local", "global", "--window", "3", "--tokens", "4"],
    "why.csv": ["why", "--show", "heads", "--text", TEXT],
    "labels.csv": ["why", "--show", "words", "--text", TEXT],
    "trace.csv": ["table", "attention", "--layer", "1", "--head", "2", "--trace", "run.safetensors"],
}
# How much of the record a sample of the suite changes with a whole redrawing behind it.
SAMPLE = 3
Make = Callable[[str], Path]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Any]]:
    """The sidecars by the names of their files, filled as they are asked for."""
    return {}


def sidecar(name: str, made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if name not in made:
        words = [*KINDS[name], "--out", name]
        if "--text" in words and words[0] in ("compare", "mask", "why"):
            at = words.index("--text")
            words = [*words[:at], *words[at + 2 :], "--", words[at + 1]]
        if "--trace" in words:
            assert main(["trace", TEXT, "--out", "run.safetensors"]) == 0
        assert main(words) == 0
        made[name] = json.loads(Path(f"{name}.json").read_text(encoding="utf-8"))
        Path(name).unlink()
    return made[name]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path of every value that holds no others; of a long list the first and the last."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for at in sorted({0, len(value) - 1}):
            yield from leaves(value[at], (*path, at))
    else:
        yield path


def placed(record: dict[str, Any], path: tuple[Any, ...]) -> Any:
    for key in path:
        record = record[key]
    return record


def changed(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The record with one leaf changed or taken out, or with one more, under the path of that."""
    for path in leaves(record):
        value = placed(record, path)
        others: list[Any] = [not value if isinstance(value, bool) else None if value is not None else 1]
        if isinstance(value, int | float):
            others += [value + 1, value - 1, str(value)]
        if isinstance(value, str):
            others += [f"{value}x", value[:-1], 7]
        for other in (*(other for other in others if other != value), ..., [value]):
            odd = copy.deepcopy(record)
            place = placed(odd, path[:-1])
            if other is ...:
                del place[path[-1]]
            else:
                place[path[-1]] = other
            yield ".".join(map(str, path)), odd
        if isinstance(path[-1], str):
            odd = copy.deepcopy(record)
            placed(odd, path[:-1])["more"] = "1"
            yield ".".join(map(str, (*path[:-1], "more"))), odd


def redrawn(name: str, record: Any, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, verdict and notes of redrawing a sidecar."""
    text = record if isinstance(record, str) else json.dumps(record)
    Path(f"{name}.json").write_text(text, encoding="utf-8")
    capsys.readouterr()
    code = main(["redraw", f"{name}.json", *words])
    out, said = capsys.readouterr()
    assert code != 2 or len([line for line in said.splitlines() if line.startswith("gemma2-workbench: ")]) == 1
    return code, out, said


@pytest.mark.parametrize("name", KINDS)
def test_every_leaf_of_a_record_is_compared(name: str, made: dict[str, Any]) -> None:
    record = sidecar(name, made)
    assert differences(record, json.loads(json.dumps(record))) == ()
    for path, odd in changed(record):
        assert differences(odd, record), path
        assert differences(record, odd), path


@pytest.mark.parametrize("name", KINDS)
def test_a_changed_record_is_refused_or_named(name: str, made: dict[str, Any], capsys: Any) -> None:
    """A sample of all changes; the seed is fixed, and other samples are those of `make fuzz`."""
    record = sidecar(name, made)
    code, verdict, notes = redrawn(name, record, capsys)
    assert (code, "otherwise" in verdict) == (0, False)
    for path, odd in random.Random(name).sample(list(changed(record)), SAMPLE):
        code, verdict, other_notes = redrawn(name, odd, capsys)
        assert code in (1, 2) or "otherwise" in verdict or other_notes != notes, path


@pytest.mark.parametrize(
    ("name", "path", "value", "sentence"),
    [
        ("view.csv", ("modified_model",), True, "otherwise: modified_model: then True, now False"),
        ("view.csv", ("parity", "output_max_diff"), 1.5, "otherwise: parity.output_max_diff: then 1.5, now "),
        ("view.csv", ("panels", 0, "caption"), "x", "otherwise: panels.0.caption: then x, now "),
        ("view.csv", ("lens",), {"token": None}, "otherwise: lens: then "),
        ("view.csv", ("text",), "Anna met Tom", "other bytes. What differs: token ids: "),
        ("view.csv", ("options", "layer"), 2, "numbers: other values; command: then "),
        ("view.csv", ("model", "source"), "elsewhere", "otherwise: model.source: then elsewhere, now embedded:tiny"),
        ("view.csv", ("model", "device"), "cpu:0", "otherwise: device: then cpu:0, now cpu"),
        ("strips.tex", ("scales", 0, "label"), "x", "otherwise: scales.0.label: then x, now "),
        ("strips.tex", ("further_runs", 0, "modified_model"), False, "modified_model of run 1: then False, now True"),
        ("mask.csv", ("changes", 0), "x", "otherwise: changes: then x, now window 2 instead of tiny's 32"),
        ("mask.csv", ("sentence",), "x", "otherwise: sentence: then x, now "),
        ("mask.csv", ("model", "read"), "x", "otherwise: model.read: then x, now configuration and tokenizer"),
        ("why.csv", ("question", "sentence"), "x", "otherwise: question.sentence: then x, now why "),
        ("view.csv", ("command",), "rm -rf x", "otherwise: command: then rm -rf x, now gemma2-workbench table"),
    ],
)
def test_what_is_told_of_a_field(
    name: str, path: tuple[Any, ...], value: Any, sentence: str, made: dict[str, Any], capsys: Any
) -> None:
    odd = copy.deepcopy(sidecar(name, made))
    placed(odd, path[:-1])[path[-1]] = value
    code, verdict, _ = redrawn(name, odd, capsys)
    assert (code, sentence in verdict) == (1, True), verdict


@pytest.mark.parametrize(
    ("name", "path", "value", "note"),
    [
        ("view.csv", ("block_rows",), 64, "run in blocks of 64 query rows, as the record says"),
        ("view.csv", ("columns",), 3, "3 columns mean nothing for such a file; usual are 1"),
        ("layers.csv", ("setting", "side"), "right", "pads on the right mean nothing, because there are none"),
        ("trace.csv", ("trace", "sha256"), "0" * 64, f"'run.safetensors' (sha256 {'0' * 64}), was not compared"),
    ],
)
def test_how_it_was_asked_for_is_noted(
    name: str, path: tuple[Any, ...], value: Any, note: str, made: dict[str, Any], capsys: Any
) -> None:
    odd = copy.deepcopy(sidecar(name, made))
    placed(odd, path[:-1])[path[-1]] = value
    code, _, notes = redrawn(name, odd, capsys)
    assert (code, note in notes) == (0, True), notes


def test_the_record_inside_and_the_one_beside_are_compared(capsys: Any) -> None:
    assert main([*KINDS["strips.tex"], "--out", "a.tex"]) == 0
    beside = json.loads(Path("a.tex.json").read_text()) | {"modified_model": False}
    code, verdict, _ = redrawn("a.tex", beside, capsys)
    assert (code, "modified_model: inside the file True, beside it False" in verdict) == (1, True)
    assert main(["redraw", "a.tex"]) == 1
    assert "modified_model: inside the file True, beside it False" in capsys.readouterr().out
    Path("a.tex.json").write_text("{")
    assert main(["redraw", "a.tex"]) == 1
    assert "the record beside a.tex cannot be read: a.tex.json holds no JSON" in capsys.readouterr().out


BEFORE = '{"tool": "gemma2-workbench", "record": 1, '


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BEFORE + '"text": ' + "[" * 5000 + "]" * 5000 + "}", "it is nested too deeply"),
        (BEFORE + '"text": ' + "[" * 400 + "]" * 400 + "}", "view.csv.json is a record that was changed or cut off"),
        (BEFORE + '"text": "a", "text": "b"}', "it names a key twice"),
        (BEFORE + '"columns": ' + "9" * 5000 + "}", "it has a number of 5000 digits"),
        (BEFORE + '"columns": NaN}', "it has the number NaN"),
        (BEFORE + '"columns": -Infinity}', "it has the number -Infinity"),
        (BEFORE + '"columns": 1e999}', "it has a number that is too large"),
        (BEFORE + '"text": "\\ud83d"}', "it has half a character (U+D83D)"),
        (BEFORE + '"\\udc00": 1}', "it has half a character (U+DC00)"),
        (BEFORE + '"kind": ["mask"]}', "'kind' is none of 'pair', 'mask', 'reason', "),
        (BEFORE + '"kind": null}', "is a record that was changed or cut off"),
        (BEFORE + '"text": "a"}', "'model' is missing"),
        ('{"tool": "gemma2-workbench", "record": true}', "its version is no number above 0"),
        ("null", "is JSON, but no record"),
        ("", "holds no JSON, or it was cut off"),
        (" " * (MOST_BYTES + 1), "is no record: it is larger than 16,777,216 bytes"),
    ],
    ids=lambda value: value[:60] if len(value) < 200 else "long",
)
def test_odd_json_is_one_sentence(text: str, sentence: str, capsys: Any) -> None:
    code, _, said = redrawn("view.csv", text, capsys)
    assert (code, sentence in said) == (2, True), said[:300]


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("view.csv", lambda r: r | {"further_runs": [r["further_runs"]] * 3}, "'further_runs.0': input should be"),
        ("strips.tex", lambda r: r | {"further_runs": r["further_runs"] * 1000}, "'further_runs': list should have at"),
        (
            "strips.tex",
            lambda r: r | {"further_runs": r["further_runs"] * 2},
            "there are 3 runs, and the panels show 2",
        ),
        ("view.csv", lambda r: r | {"panels": r["panels"] * 5000}, "'panels': list should have at most 4096 items"),
        ("view.csv", lambda r: r | {"text": "a b " * 20_000}, "tokens, and at most 16,384 are run again"),
        ("why.csv", lambda r: r | {"text": "a " * 3000}, "tokens, and at most 2,048 are run again"),
        ("view.csv", lambda r: r | {"ids": [10**15]}, "'ids.0': input should be less than or equal to"),
        ("view.csv", lambda r: r | {"block_rows": 10**12}, "'block_rows': input should be less than"),
        ("view.csv", lambda r: r | {"figure": r["figure"] | {"dpi": 301}}, "a table has no venue, width, dpi"),
        ("view.csv", lambda r: r | {"figure": r["figure"] | {"format": "parquet"}}, "it is of a .parquet file, not of"),
        ("mask.csv", lambda r: r | {"passes": [0] * 5000}, "'passes': list should have at most 4096 items"),
        ("mask.csv", lambda r: r | {"setting": r["setting"] | {"window": 2**40}}, "a window is at most 2147483648"),
        ("mask.csv", lambda r: r | {"setting": r["setting"] | {"tokens": 10**9}}, "are too many for a picture"),
        ("maps.npz", lambda r: r | {"panels": r["panels"][:3]}, "holds the same heads of all its layers"),
        (
            "view.csv",
            lambda r: r | {"options": r["options"] | {"layer": 1.0}},
            "the option 'layer' of view 'attention'",
        ),
        ("view.csv", lambda r: r | {"options": r["options"] | {"rows": None}}, "the option 'rows' of view 'attention'"),
        ("view.csv", lambda r: r | {"model": r["model"] | {"revision": "../../x"}}, "'model.revision': string should"),
    ],
)
def test_the_work_is_bounded(
    name: str, change: Callable[[dict[str, Any]], Any], sentence: str, made: dict[str, Any], capsys: Any
) -> None:
    code, _, said = redrawn(name, change(sidecar(name, made)), capsys)
    assert (code, sentence in said) == (2, True), said[:400]


def test_what_fills_the_memory_is_not_drawn(loaded_trace: Trace, monkeypatch: Any) -> None:
    output = Output("figure", "png", width=20.0, dpi=1200)
    recipe = ViewRecipe.of(view_named("attention"), [Run(loaded_trace)], {"layer": list(range(6))}, columns=1)
    with pytest.raises(ValueError, match="width must lie between 2 and 20 inches"):
        check_pixels(produced(recipe, replace(output, width=1e9), "a.png"))
    with pytest.raises(ValueError, match="pixels at 1200 dpi; at most 200,000,000 are drawn again"):
        check_pixels(produced(recipe, output, "a.png"))
    cells = 6 * len(loaded_trace.tokens) ** 2
    monkeypatch.setattr(limits, "MOST_CELLS", cells)
    check_cells(recipe)
    monkeypatch.setattr(limits, "MOST_CELLS", cells - 1)
    with pytest.raises(ValueError, match=f"have {cells} cells, and at most {cells - 1} are drawn again"):
        check_cells(recipe)


@pytest.fixture(scope="module")
def loaded_trace(loaded: LoadedModel) -> Trace:
    return capture(loaded, TEXT, parity=False)


HUB = {"name": "google/gemma-2-2b", "source": "google/gemma-2-2b", "revision": "a" * 40}


def test_nothing_is_fetched_unless_asked(made: dict[str, Any], monkeypatch: Any, capsys: Any) -> None:
    record = sidecar("view.csv", made)
    odd = record | {"model": record["model"] | HUB}
    fetched: list[Any] = []

    def fetch(name: str, **how: Any) -> LoadedModel:
        fetched.append((name, how["revision"]))
        raise ModelNotFoundError("no network")

    monkeypatch.setattr(again, "load", fetch)
    code, _, said = redrawn("view.csv", odd, capsys)
    assert (code, fetched) == (2, [])
    assert "names the model 'google/gemma-2-2b', which is not here; give --model" in said
    assert "or --download to fetch it from the hub" in said
    assert redrawn("view.csv", odd, capsys, "--download")[0] == 2
    assert fetched == [("google/gemma-2-2b", "a" * 40)]
    for name in ("/no/such", "../secret", "~/x", "a b/c", "x" * 1000, "no\u202e/such"):
        code, _, said = redrawn("view.csv", record | {"model": record["model"] | {"name": name}}, capsys)
        assert (code, "which is not here; give --model" in said, "\u202e" in said) == (2, True, False), said
    code, _, said = redrawn(
        "mask.csv",
        sidecar("mask.csv", made)
        | {"model": HUB | {"name": "a/b", "source": "a/b"} | {"window": 32, "causal": True, "read": "x"}},
        capsys,
    )
    assert "its layers and tokens are those of the record, unchecked" in said


def test_a_hub_model_that_was_fetched_earlier_is_taken(
    made: dict[str, Any], loaded: LoadedModel, monkeypatch: Any, capsys: Any
) -> None:
    folder = Path("cache") / ("a" * 40)
    monkeypatch.setattr(nearby, "try_to_load_from_cache", lambda *_, **__: str(folder / "config.json"))
    monkeypatch.setattr(again, "load", lambda name, **_: loaded if name == str(folder) else None)
    record = sidecar("view.csv", made)
    _, verdict, _ = redrawn("view.csv", record | {"model": record["model"] | HUB}, capsys)
    assert verdict.startswith("view.csv: same bytes")
    assert "model" not in verdict.split("otherwise: ")[1].split("command: ")[0]


def archive(*, name: str = "about.npy", data: bytes = b"", end: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return target.getvalue() + end


def array(text: bytes, length: int | None = None) -> bytes:
    target = io.BytesIO()
    shape = (len(text) if length is None else length,)
    np.lib.format.write_array_header_1_0(target, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return target.getvalue() + text


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    def packed(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 2**30, 2**30, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed(*chunk) for chunk in ((b"IHDR", head), *chunks, (b"IDAT", b"")))


BOMB = zlib.compress(b"a" * (MOST_BYTES + 1))
FILES = {
    "a bomb.npz": archive(data=b"\0" * (MOST_BYTES + 1)),
    "no array.npz": archive(data=b"{}"),
    "an object.npz": archive(data=b"\x93NUMPY\x01\x00\x10\x00{'descr': '|O'}\n"),
    "another array.npz": archive(name="values.npy", data=array(b"{}")),
    "a comment.npz": archive(data=array(b"{}"), end=b"x" * 22),
    "deep.npz": archive(data=array(b"[" * 5000)),
    "no record.npz": archive(data=array(b"[]")),
    "a long header.safetensors": struct.pack("<Q", 2**60) + b"{}",
    "deep.safetensors": struct.pack("<Q", 10_000) + b"[" * 10_000,
    "a bomb.png": png((b"zTXt", b"Description\0\0" + BOMB)),
    "a long text.png": png((b"iTXt", b"Description\0\1\0\0\0" + BOMB)),
    "many pixels.png": png(),
    "a chunk cut off.png": png()[:20],
    "nothing.png": b"",
    "nothing.pdf": b"",
    "open.pdf": b"/Subject (" * 10_000 + b"a" * 10_000,
    "text.pdf": b"/Subject (not json)",
    "entities.svg": b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY {new} "{f"&{old};" * 10}">'.encode() for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + b']><r xmlns:d="http://purl.org/dc/elements/1.1/"><d:description>&i;</d:description></r>',
    "encoding.svg": b'<?xml version="1.0" encoding="no such"?><svg/>',
    "deep.svg": b"<a>" * 50_000,
    "footer.parquet": b"PAR1" + b"\xff" * 200 + struct.pack("<I", 200) + b"PAR1",
    "length.parquet": b"PAR1" + struct.pack("<I", 2**32 - 1) + b"PAR1",
    "no json.html": b'<script type="application/json" id="provenance">{</script>',
    "no json.tex": b"% provenance: {\n",
}


@pytest.mark.parametrize("name", FILES)
def test_crafted_files_are_one_sentence(name: str, capsys: Any) -> None:
    Path(name).write_bytes(FILES[name])
    assert main(["redraw", name]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert name in said


@pytest.mark.parametrize("form", ["svg", "html", "tex", "parquet", "npz", "safetensors", "png", "pdf"])
def test_a_damaged_file_is_one_sentence_or_has_its_record(form: str) -> None:
    what = ["figure", "attention"] if form in ("svg", "html", "png", "pdf") else ["table", "attention"]
    assert main([*what, "--layer", "1", "--head", "0", "--text", "Bob", "--out", f"a.{form}"]) == 0
    Path(f"a.{form}.json").unlink()
    data, rng = Path(f"a.{form}").read_bytes(), random.Random(form)
    for size in (0, 1, 7, len(data) // 2, len(data) - 1):
        read(f"a.{form}", data[:size])
    for _ in range(8):
        odd = bytearray(data)
        for at in rng.sample(range(min(len(odd), 20_000)), 3):
            odd[at] ^= 1 << rng.randrange(8)
        read(f"a.{form}", odd)


def read(name: str, data: bytes) -> None:
    """The file has its record still, or there is one sentence about it."""
    Path(name).write_bytes(data)
    said = name
    try:
        read_record(Path(name))
    except (ValueError, OSError) as error:
        said = str(error)
    assert len(said.splitlines()) == 1
    assert name in said
