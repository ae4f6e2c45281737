"""The page of the benchmarks: the middle of the rounds, ratios, what was not measured and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attention.against import tree_of
from benchmarks.attention.peers import PEERS
from benchmarks.attention.rounds import Place, summaries
from benchmarks.report import curves, page, read


def row(peer: str, length: int, seconds: float) -> dict[str, Any]:
    """A line of the log."""
    numbers = {"seconds": seconds, "cpu_seconds": 2 * seconds, "peak_mb": 10 * seconds, "captured_mb": 1.0}
    return {"peer": peer, "geometry": "S", "length": length, **numbers, "threads": 2}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    entries: list[dict[str, Any]] = [
        row(peer, length, seconds * length / 512)
        for length in (512, 2048)
        for peer, times in (("capture", (1.2, 1.3, 9.0)), ("plain", (1.0, 1.0, 1.0)))
        for seconds in times
    ]
    entries.append({"peer": "nnsight", "geometry": "S", "length": 512, "reason": "nnsight cannot be imported"})
    entries.append({"conditions": "2 cores; foreign CPU share 3%"})
    file = tmp_path / "bench.jsonl"
    file.write_text("\n".join(map(json.dumps, entries)))
    return file


def test_the_middle_of_the_rounds_counts(log: Path) -> None:
    rows, _ = read(log)
    capture = next(one for one in rows["S"] if one.row["peer"] == "capture")
    assert (capture.low, capture.row.get("seconds"), capture.high) == (1.2, 1.3, 9.0)


def test_page(log: Path, tmp_path: Path) -> None:
    rows, conditions = read(log)
    out = tmp_path / "benchmarks.md"
    text = page(rows, conditions, curves(rows, out))
    assert "| `capture` / `plain`, time | 1.30 | 1.30 |" in text
    assert "not measured: nnsight cannot be imported" in text
    assert "foreign CPU share 3%" in text
    assert all(f"`{name}`" in text for name in PEERS)
    assert (tmp_path / "benchmarks-S-time.svg").read_bytes().startswith(b"<?xml")
    assert "(benchmarks-S-memory.svg)" in text


def test_places_have_names_of_their_own() -> None:
    places = [Place("capture"), Place("capture", "8957777"), Place("capture", busy=True)]
    assert [place.name for place in places] == ["capture", "capture@8957777", "capture (core busy)"]
    assert summaries([]) == []


def test_another_commit_is_a_package_of_its_own() -> None:
    with tree_of("HEAD") as folder:
        assert (folder / "gemma2_workbench" / "model" / "equation.py").exists()
    assert not folder.exists()
