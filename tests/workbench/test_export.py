"""Files: the suffix decides, a file is whole or absent, and the record goes with it."""

import builtins
import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import Bars, Scale, TokenStrip
from gemma2_workbench.maps import Maps

SPEC = Bars(("a", "<b>"), np.array([1.0, 2.0]), "share")
TABLE = pd.DataFrame({"token": ["▁the", "a_b & $c$", 'say "hi"'], "share": [0.1, 0.25, np.nan]})
HEADS = {".pdf": b"%PDF-1.4", ".svg": b"<?xml", ".png": b"\x89PNG", ".html": b"<!doctype html>"}


@pytest.mark.parametrize("suffix", [*HEADS, ".PDF"])
def test_figures_are_written_in_the_format_of_the_suffix(tmp_path, suffix):
    path = export(SPEC, tmp_path / f"figure{suffix}")
    assert path == tmp_path / f"figure{suffix}"
    assert path.read_bytes().startswith(HEADS[suffix.lower()])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_tables_as_csv_come_back(tmp_path):
    path = export(TABLE, str(tmp_path / "t.csv"))
    pd.testing.assert_frame_equal(pd.read_csv(path), TABLE)


def test_tables_as_parquet_come_back(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow, which the dev extra installs")
    pd.testing.assert_frame_equal(pd.read_parquet(export(TABLE, tmp_path / "t.parquet")), TABLE)


def test_tables_as_latex_have_booktabs_rules_and_escaped_text(tmp_path):
    text = export(TABLE, tmp_path / "t.tex").read_text()
    for word in (r"\toprule", r"\midrule", r"\bottomrule", r"a\_b \& \$c\$", "0.25", "--"):
        assert word in text


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "pyarrow" else find(name, *a))
    with pytest.raises(ImportError, match="pip install pyarrow; or save as .csv"):
        export(TABLE, tmp_path / "t.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "name", "error", "message"),
    [
        (SPEC, "f.csv", ValueError, "a figure is saved as .pdf, .svg, .png, .html; got .csv"),
        (TABLE, "t.pdf", ValueError, "a table is saved as .csv, .parquet, .tex; got .pdf"),
        (SPEC, "figure", ValueError, "got a name without an ending"),
        (SPEC, "missing/f.pdf", FileNotFoundError, "missing does not exist; make it first"),
        ([1], "f.pdf", TypeError, "figure specification, a DataFrame or Maps; got list"),
    ],
)
def test_mistakes_are_named_and_write_nothing(tmp_path, content, name, error, message):
    with pytest.raises(error, match=message):
        export(content, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_options_reach_the_paper(tmp_path):
    svg = export(SPEC, tmp_path / "f.svg", venue="acl", width="double").read_text()
    assert 'width="453.6pt"' in svg


def test_dark_reaches_the_page(tmp_path):
    assert "background:#18181b" in export(SPEC, tmp_path / "f.html", dark=True).read_text()


@pytest.mark.parametrize("suffix", [*HEADS, ".csv", ".tex"])
def test_provenance_goes_beside_and_into_the_file(tmp_path, suffix):
    record = {"text": "日本 </script>\n%", "layer": 3, "ids": [1, 2]}
    content = TABLE if suffix in (".csv", ".tex") else SPEC
    path = export(content, tmp_path / f"f{suffix}", provenance=record)
    beside = json.loads((tmp_path / f"f{suffix}.json").read_text(encoding="utf-8"))
    assert beside == record | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    if suffix != ".csv":
        assert b'"layer": 3' in path.read_bytes()


def test_a_text_is_also_latex_source_and_maps_are_arrays(tmp_path):
    strip = TokenStrip(("▁a", "b_"), np.array([0.0, 1.0]), Scale("sequential", 0.0, 1.0, "share"))
    assert r"\colorbox" in export(strip, tmp_path / "s.tex").read_text()
    maps = Maps(np.array([[0.5, np.nan]], np.float32), None, {"rows": ["a"]})
    path = export(maps, tmp_path / "m.npz", provenance={"layer": 3})
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["values"], maps.values)
        assert json.loads(file["about"].tobytes())["record"] == {"layer": 3}


def test_provenance_that_json_cannot_hold_writes_nothing(tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        export(SPEC, tmp_path / "f.pdf", provenance={"model": object()})
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def full(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        export(TABLE, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_tables_need_no_renderer(tmp_path, monkeypatch):
    load = builtins.__import__

    def without_renderers(name, *args, **kwargs):
        assert not name.startswith(("gemma2_workbench.figures.paper", "gemma2_workbench.figures.screen"))
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_renderers)
    assert export(TABLE, tmp_path / "t.csv").exists()
