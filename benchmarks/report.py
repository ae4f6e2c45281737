"""`docs/benchmarks.md` with its curves, from the lines that `python -m benchmarks.attention --log FILE` wrote.

`python -m benchmarks.report build/bench.jsonl`
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.attention.against import ROOT
from benchmarks.attention.geometries import EMBEDDED, GEOMETRIES, SPREAD
from benchmarks.attention.peers import KEEPING, PEERS
from benchmarks.attention.rounds import Conditions, Summary, summaries
from benchmarks.attention.worker import Absent, Row
from gemma2_workbench.figures import paper
from gemma2_workbench.figures.spec import Curve, Series

DOCS = ROOT / "docs"
# Against which a capture is held.
BESIDE = ("plain", "sdpa_no_cap", "eager_attentions")
TUNED = ("plain_malloc", "eager_attentions_malloc")
METHOD = f"""Each figure is of a process of its own: one run that does not count, then runs for a second (at least one),
of which the middle counts. Processes of all peers take turns in rounds; the table has the middle round, and the fewest
and most seconds of any. Random weights, batch 1, float32, logits of the last position only, no key/value cache.
Queries are scaled so that raw logits have a standard deviation of {SPREAD}, which both caps feel. *Peak* is the most
memory that the process ever held beyond the loaded model, *captured* the tensors that came back.

Compare ratios within one run, not seconds between machines. Hooks are free and maps are not: every peer that returns
whole maps pays for T x T numbers of each head; a capture keeps q, k, v and statistics, from which any part of any map
is derived. At a few hundred tokens there is nothing to gain in time.

glibc gives the memory of large tensors back after each operation, so that eager attention spends half of its time on
page faults. Rows with `_malloc` are the same runs with `{" ".join(f"{k}={v}" for k, v in KEEPING.items())}`.

`(core busy)` is a run while another process of the same priority computes without end."""


def main() -> None:
    """Write the page."""
    command = argparse.ArgumentParser("python -m benchmarks.report", description="docs/benchmarks.md from measurements")
    command.add_argument("log", type=Path, help="what `python -m benchmarks.attention --log` wrote")
    command.add_argument("--out", type=Path, default=DOCS / "benchmarks.md", help="default docs/benchmarks.md")
    options = command.parse_args()
    rows, conditions = read(options.log)
    options.out.write_text(page(rows, conditions, curves(rows, options.out)))
    print(options.out)


def read(log: Path) -> tuple[dict[str, list[Summary]], list[str]]:
    """The summaries of each geometry, and under which conditions they were measured."""
    rows: list[Row | Absent] = []
    conditions: list[str] = []
    for line in log.read_text().splitlines():
        entry: Row | Absent | Conditions = json.loads(line)
        if "conditions" in entry:
            conditions.append(entry["conditions"])
        else:
            rows.append(entry)
    order = [*GEOMETRIES, EMBEDDED]
    known = sorted({row["geometry"] for row in rows}, key=order.index)
    return {name: summaries([row for row in rows if row["geometry"] == name]) for name in known}, conditions


def page(rows: dict[str, list[Summary]], conditions: Sequence[str], pictures: Sequence[str]) -> str:
    """The text of the page."""
    parts = [
        "# What looking costs",
        "`make bench` measures this anew and writes this page; `python -m benchmarks.attention --help` measures parts."
        "\n"
        "`make bench-page` times the page in a browser, `python -m benchmarks.start` commands from a cold start: see"
        "\n"
        "[page-speed.md](page-speed.md).",
        *pictures,
    ]
    for geometry, found in rows.items():
        parts += [f"## {_title(geometry)}", table(found), ratios(found)]
    parts += ["## Method", METHOD, peers(), "\n".join(f"- {line}" for line in dict.fromkeys(conditions))]
    return "\n\n".join(filter(None, parts)) + "\n"


def table(found: Sequence[Summary]) -> str:
    """Seconds, peak and captured memory of every peer at every length."""
    lengths = sorted({one.row["length"] for one in found})
    head = ["peer", *(f"T = {length}" for length in lengths)]
    names = list(dict.fromkeys(one.row["peer"] for one in found))
    cells = {(one.row["peer"], one.row["length"]): _cell(one) for one in found}
    body = [[f"`{name}`", *(cells.get((name, length), "") for length in lengths)] for name in names]
    legend = "Wall seconds (fewest to most of the rounds), processor seconds, peak MB / captured MB."
    return f"{legend}\n\n{_rows(head, body)}"


def ratios(found: Sequence[Summary]) -> str:
    """A capture over what it is held against, in time and in peak memory."""
    measured = {(one.row["peer"], one.row["length"]): one.row for one in found if "reason" not in one.row}
    lengths = sorted({length for _, length in measured})
    captures = [name for name in dict.fromkeys(name for name, _ in measured) if name.startswith("capture")]

    def row(name: str, other: str, what: str, of: Callable[[Row], float]) -> list[str]:
        numbers = [(measured.get((name, at)), measured.get((other, at))) for at in lengths]
        words = [f"{of(ours) / of(theirs):.2f}" if ours and theirs else "" for ours, theirs in numbers]
        return [f"`{name}` / `{other}`, {what}", *words]

    quiet, busy, tuned = "capture", "capture (core busy)", "capture_malloc"
    # Each beside what ran under the same conditions.
    beside = {tuned: TUNED, busy: ("eager_attentions (core busy)",)}
    body = [
        row(name, other, "time", lambda row: row["seconds"]) for name in captures for other in beside.get(name, BESIDE)
    ]
    body += [row(quiet, other, "peak", lambda row: row["peak_mb"]) for other in BESIDE]
    body += [row(busy, quiet, "processor time", lambda row: row["cpu_seconds"])]
    kept = [line for line in body if any(line[1:])]
    return _rows(["ratio", *(f"T = {length}" for length in lengths)], kept) if kept else ""


def peers() -> str:
    """What the peers are."""
    return _rows(["peer", "what it is"], [[f"`{name}`", peer.help] for name, peer in PEERS.items()])


def curves(rows: dict[str, list[Summary]], out: Path) -> list[str]:
    """Growth of time and memory over T as pictures beside the page, for geometries of several lengths."""
    pictures = []
    for geometry, found in rows.items():
        for name, label, of in (
            ("time", "seconds", lambda row: row["seconds"]),
            ("memory", "peak MB beyond the model", lambda row: row["peak_mb"]),
        ):
            series = _series(found, of)
            if not series:
                continue
            file = out.with_name(f"{out.stem}-{geometry}-{name}")
            curve = Curve(series, "tokens", label, f"{name}, geometry {geometry}", logarithmic=True)
            for fmt in ("svg", "png"):
                file.with_suffix(f".{fmt}").write_bytes(paper.render(curve, fmt, 5.5, dpi=200, title=True))
            pictures.append(f"![{name} over the length of the text, geometry {geometry}]({file.name}.svg)")
    return pictures


def _series(found: Sequence[Summary], of: Callable[[Row], float]) -> tuple[Series, ...]:
    measured: dict[str, list[tuple[int, float]]] = {}
    for one in found:
        if "reason" not in one.row and one.row["peer"] in PEERS and of(one.row) > 0:
            measured.setdefault(one.row["peer"], []).append((one.row["length"], of(one.row)))
    points = {name: np.array(sorted(at)).T for name, at in measured.items() if len(at) > 1}
    return tuple(Series(name, x, y) for name, (x, y) in points.items())


def _cell(one: Summary) -> str:
    row = one.row
    if "reason" in row:
        return f"not measured: {row['reason']}"
    spread = f" ({_short(one.low)}-{_short(one.high)})" if one.high > one.low else ""
    return (
        f"{_short(row['seconds'])} s{spread}, {_short(row['cpu_seconds'])} cpu s, "
        f"{row['peak_mb']:.0f} / {row['captured_mb']:.1f} MB"
    )


def _short(seconds: float) -> str:
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}"


def _rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _title(geometry: str) -> str:
    if geometry == EMBEDDED:
        return "The embedded model"
    sizes = GEOMETRIES[geometry]
    return (
        f"Geometry {geometry}: {sizes['num_hidden_layers']} layers, {sizes['num_attention_heads']} heads of width "
        f"{sizes['head_dim']}, hidden size {sizes['hidden_size']}, "
        + (f"window {sizes['sliding_window']}" if "sliding_window" in sizes else "a Llama: no window and no cap")
    )


if __name__ == "__main__":
    main()
