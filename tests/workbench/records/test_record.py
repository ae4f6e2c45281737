"""The record: complete, inside every format and beside it, read back by other readers than ours, refused when odd."""

import argparse
import hashlib
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import torch
import transformers
from PIL import Image
from safetensors import safe_open

from gemma2_workbench import AblateHead, LoadedModel, SetFinalSoftcap, SetSoftcap, SetWindow, Trace, capture, view_named
from gemma2_workbench.apps.cli import main
from gemma2_workbench.apps.cli.changes import add_changes, changes_of
from gemma2_workbench.figures.spec import Panels, TokenMap
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.command import changes_flags
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.reading import read_record
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.view_recipe import ViewRecipe
from gemma2_workbench.traces.interventions import SetCausal, as_data

TEXT = "日本 $x$ </script> \\ (a) Anna met Bob, and Bob met Anna"
CHANGES = [SetSoftcap(5.0, (0, 2)), SetWindow(None), SetFinalSoftcap(7.5), SetCausal(False), AblateHead(1, 2)]


@pytest.fixture(scope="module")
def changed(loaded: LoadedModel) -> Trace:
    return capture(loaded, TEXT, interventions=[SetSoftcap(5.0), AblateHead(1, 2)])


@pytest.fixture(scope="module")
def make(changed: Trace, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """`make("pdf")` -> the file of the attention view with its sidecar, and the record it was given."""
    folder = tmp_path_factory.mktemp("files")

    @cache
    def write(form: str) -> tuple[Path, dict[str, Any]]:
        view, options = ("text", {"layer": 1}) if form == "colorbox" else ("attention", {"layer": 1, "head": 2})
        what = "figure" if form in ("pdf", "svg", "png", "html", "colorbox") else "table"
        ending = "tex" if form == "colorbox" else form
        output = Output(what, ending, venue="acl" if what == "figure" else None)
        recipe = ViewRecipe.of(view_named(view), [Run(changed)], options)
        made = produced(recipe, output, f"{form}.{ending}")
        return made.save(folder / f"{form}.{ending}"), made.record

    return write


class Script(HTMLParser):
    """What an HTML parser finds in the data block."""

    inside, text = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script" and ("id", "provenance") in attrs

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


def from_pdf(path: Path) -> str:
    if shutil.which("pdfinfo") is None:
        pytest.skip("reading a PDF another way needs pdfinfo (poppler-utils)")
    said = subprocess.run(["pdfinfo", "-enc", "UTF-8", path], capture_output=True, text=True, check=True).stdout
    return said.split("Subject:", 1)[1].splitlines()[0].strip()


def from_png(path: Path) -> str:
    with Image.open(path) as picture:
        return picture.info["Description"]


def from_page(path: Path) -> str:
    parser = Script()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.text


def from_svg(path: Path) -> str:
    text = re.search("<dc:description>(.*?)</dc:description>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert text is not None
    return text[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def from_npz(path: Path) -> str:
    with np.load(path, allow_pickle=False) as file:
        return json.dumps(json.loads(file["about"].tobytes())["record"])


def from_safetensors(path: Path) -> str:
    with safe_open(str(path), framework="np") as file:
        return json.dumps(json.loads(file.metadata()["about"])["record"])


def from_comment(path: Path) -> str:
    return path.read_text().splitlines()[0].removeprefix("% provenance: ")


OTHER_READERS: dict[str, Callable[[Path], str]] = {
    "pdf": from_pdf,
    "svg": from_svg,
    "png": from_png,
    "html": from_page,
    "parquet": lambda path: pyarrow.parquet.read_metadata(path).metadata[b"provenance"].decode(),
    "tex": from_comment,
    "colorbox": from_comment,
    "npz": from_npz,
    "safetensors": from_safetensors,
}


@pytest.mark.parametrize("form", OTHER_READERS)
def test_the_record_is_inside_and_beside_every_format(make: Any, form: str) -> None:
    path, record = make(form)
    assert json.loads(OTHER_READERS[form](path)) == record
    beside = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    assert beside == record | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    for known in (read_record(path), read_record(path.with_name(f"{path.name}.json"))):
        assert (known.record, known.file, known.sha256) == (record, path, beside["sha256"])


def test_a_csv_has_its_record_beside_it_only(make: Any) -> None:
    path, record = make("csv")
    assert read_record(path.with_name("csv.csv.json")).record == record
    with pytest.raises(ValueError, match=r"give the csv\.csv\.json that stood beside it"):
        read_record(path)


def test_the_record_says_everything(make: Any, changed: Trace, loaded: LoadedModel) -> None:
    path, record = make("pdf")
    weights = Path(str(loaded.model.config._name_or_path)) / "model.safetensors"
    assert record["model"] == {
        "name": "tiny",
        "source": "embedded:tiny",
        "revision": None,
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "dtype": "float32",
        "device": "cpu",
    }
    assert (record["text"], record["ids"]) == (TEXT, loaded.tokenizer(TEXT)["input_ids"])
    whole = f"0:{len(record['ids'])}"
    assert record["options"] == {"layer": 1, "head": 2, "stage": "attn_probs", "rows": whole, "keys": whole}
    sentences = ["attention softcap 5", "layer 1 head 2 set to zero"]
    assert [change["sentence"] for change in record["overrides"]] == sentences
    assert record["overrides"][1] == {"kind": "AblateHead", "layer": 1, "head": 2, "sentence": sentences[1]}
    assert record["modified_model"] is True
    assert (record["block_rows"], record["trace"]) == (128, None)
    assert record["parity"]["sentence"] == changed.parity.sentence
    assert record["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert record["versions"]["transformers"] == transformers.__version__
    assert record["figure"]["venue"] == "acl"
    assert record["numbers"]["rows"] == len(record["ids"]) ** 2
    assert record["command"].startswith("gemma2-workbench figure attention ")
    # Nothing that depends on the time or the place it was made.
    assert str(path.parent) not in json.dumps(record)


def test_the_command_of_the_record_makes_the_same_file(make: Any, tmp_path: Path, monkeypatch: Any) -> None:
    path, record = make("pdf")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(record["command"])[1:]) == 0
    assert (tmp_path / "pdf.pdf").read_bytes() == path.read_bytes()


def test_a_parity_that_was_not_checked_is_recorded_without_nan(loaded: LoadedModel) -> None:
    trace = capture(loaded, "Anna met Bob", parity=False)
    record = produced(ViewRecipe.of(view_named("mask"), [Run(trace)]), Output("table", "csv"), "x.csv").record
    assert json.dumps(record, allow_nan=False)
    assert (record["parity"]["tokens"], record["parity"]["output_max_diff"]) == (0, None)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_flags_and_interventions_say_the_same(change: Any) -> None:
    parser = argparse.ArgumentParser()
    add_changes(parser)
    assert changes_of(parser.parse_args(changes_flags([as_data(change)]))) == (change,)


def test_panels_are_layers_then_heads_then_texts(loaded: LoadedModel) -> None:
    runs = [Run(capture(loaded, text, parity=False)) for text in ("Anna met Bob", "Bob met Anna again")]
    options = {"layer": [3, 0], "head": [1, 2], "stage": "attn_logits"}
    recipe = ViewRecipe.of(view_named("attention"), runs, options)
    order = [(part.options["layer"], part.options["head"], part.run) for part in recipe.parts]
    assert order == [(layer, head, run) for layer in (3, 0) for head in (1, 2) for run in (0, 1)]
    assert recipe.columns == 2
    spec = recipe.figure(recipe.tables())
    assert isinstance(spec, Panels)
    assert spec.figures[0].title == "layer 3 head 1, “Anna met Bob”"
    assert spec.figures[7].title == "layer 0 head 2, “Bob met Anna again”"
    # One scale for one quantity, as wide as the largest logit of all maps.
    maps = [panel for panel in spec.figures if isinstance(panel, TokenMap)]
    largest = max(float(np.nanmax(np.abs(panel.values))) for panel in maps)
    assert {(panel.scale.low, panel.scale.high) for panel in maps} == {(-largest, largest)}


def test_a_modified_model_is_named_in_the_title(changed: Trace, loaded: LoadedModel) -> None:
    def title(traces: list[Trace], **options: Any) -> Any:
        recipe = ViewRecipe.of(view_named("attention"), [Run(trace) for trace in traces], options)
        return recipe.figure(recipe.tables())

    words = "(modified model: attention softcap 5, layer 1 head 2 set to zero)"
    assert title([changed]).title == f"Layer 0, head 0: probability {words}"
    assert title([changed], head=[0, 1]).title == f"Attention map: probability {words}"
    real = capture(loaded, TEXT, parity=False)
    both = title([real, changed])
    assert "modified" not in both.title
    assert [panel.title.endswith(words) for panel in both.figures] == [False, True]


def test_more_panels_than_letters_are_refused(changed: Trace) -> None:
    options = {"layer": [0, 1, 2, 3, 4], "head": list(range(6))}
    recipe = ViewRecipe.of(view_named("attention"), [Run(changed)], options)
    with pytest.raises(ValueError, match=r"at most 26 panels, \(a\) to \(z\); these are 30"):
        recipe.figure(recipe.tables())


def broken(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The record with one value replaced, or taken out where `value` is ...; keys in `path` are parted by dots."""
    copy = json.loads(json.dumps(record))
    *keys, last = path.split(".")
    place = copy
    for key in keys:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("tool", "another tool", "no record of gemma2-workbench"),
        ("record", 2, "version 2, this workbench reads 1; update it"),
        ("record", "1", "its version is no number above 0"),
        ("sha256", ..., "'sha256' is missing"),
        ("text", ..., "'text' is missing"),
        ("ids", ["a"], "'ids.0': input should be a valid integer"),
        ("ids", "2 3", "'ids': input should be a valid array"),
        ("view", "nothing", "there is no view 'nothing'"),
        ("options.layer", ..., "the options of view 'attention' are head, heads, keys, layer, over, rows, stage"),
        ("panels", [], "'panels': list should have at least 1 item"),
        ("panels.0.run", 1, "a panel shows run 1, and there are 1"),
        ("columns", 0, "'columns': input should be greater than or equal to 1"),
        ("figure.format", "exe", "a figure is saved as"),
        ("figure.what", "film", "'figure.what': input should be 'figure' or 'table'"),
        ("figure.dpi", 10**9, "dpi must lie between 30 and 1200"),
        ("figure.venue", ["acl"], "'figure.venue': input should be a valid string"),
        ("figure.more", 1, "'figure.more' is unknown"),
        ("overrides.0.kind", "Nothing", "is no intervention"),
        ("overrides.0.cap", "5", "softcap '5' must be above 0 and finite"),
        ("model", None, "'model': input should be an object"),
        ("model.dtype", 32, "'model.dtype': input should be 'float32'"),
        ("block_rows", 0, "'block_rows': input should be greater than or equal to 1"),
    ],
)
def test_records_that_are_odd_are_refused_in_one_sentence(
    make: Any, tmp_path: Path, path: str, value: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = make("pdf")
    record = json.loads(file.with_name("pdf.pdf.json").read_text())
    odd = tmp_path / "odd.pdf.json"
    odd.write_text(json.dumps(broken(record, path, value)))
    assert main(["redraw", str(odd)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gemma2-workbench: odd.pdf.json is ")
    assert sentence in said


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("missing.pdf", None, "there is no file"),
        ("a.json", b'{"tool": "gemma2-work', "a.json holds no JSON, or it was cut off"),
        ("a.json", b"[" * 100_000, "a.json holds no JSON, or it was cut off"),
        ("a.json", b"[1]", "a.json is JSON, but no record of gemma2-workbench"),
        ("a.json", b"\xff\xfe\x00", "a.json holds no JSON"),
        ("a.pdf", b"%PDF-1.4 cut off", "there is no record in a.pdf"),
        ("a.pdf", b"%PDF-1.4 /Subject (cut off", "there is no record in a.pdf"),
        ("a.svg", b"<svg>", "a.svg is no SVG file, or it was cut off"),
        ("a.svg", b"<svg/>", "there is no record in a.svg"),
        ("a.png", b"\x89PNG", "a.png is no PNG file, or it was cut off"),
        ("a.html", b"<html></html>", "there is no record in a.html"),
        ("a.parquet", b"PAR1", "a.parquet is no Parquet file, or it was cut off"),
        ("a.tex", b"\\relax", "there is no record in a.tex"),
        ("a.npz", b"PK", "a.npz is no map of this workbench"),
        ("a.safetensors", b"\x00" * 9, "a.safetensors is no map of this workbench"),
        ("a.docx", b"", "keeps no record inside"),
    ],
)
def test_files_without_a_record_are_refused_in_one_sentence(
    tmp_path: Path, name: str, data: bytes | None, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    assert main(["redraw", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
