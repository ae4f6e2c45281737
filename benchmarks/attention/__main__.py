"""What looking at attention costs: `capture` beside our plain pass and what people would use instead.

Each peer runs in a process of its own, peers interleaved in rounds; the middle of the rounds counts. Random weights,
float32; queries are scaled so that raw logits have a standard deviation of 12, which both caps feel. Ratios within one
run are what to compare. `docs/benchmarks.md` says more.

`python -m benchmarks.attention --geometry S --length 512,2048 --peers capture,plain --json`
"""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.attention.geometries import EMBEDDED, EMBEDDED_LENGTH, GEOMETRIES
from benchmarks.attention.peers import PEERS
from benchmarks.attention.rounds import Place, Summary, conditions, measure, noted, summaries


def main() -> None:
    """Measure the peers in turn and print what the middle round of each took."""
    command = parser()
    options = command.parse_args()
    names = options.peers.split(",")
    unknown = sorted(set(names) - set(PEERS))
    if unknown:
        command.error(f"there is no peer {unknown[0]!r}; the peers are {', '.join(PEERS)}")
    lengths = [EMBEDDED_LENGTH] if options.geometry == EMBEDDED and not options.length else options.length or [512]
    with ExitStack() as stack:
        places = [Place(name) for name in names]
        if options.against:
            places.append(Place("capture", options.against))
        if options.busy:
            places += [Place(place.peer, place.commit, busy=True) for place in places]
        note = stack.enter_context(conditions())
        rows = measure(places, options.geometry, lengths, options.rounds, options.log)
    found = summaries(rows)
    noted({"conditions": note()}, options.log)
    print(note(), file=sys.stderr if options.json else sys.stdout)
    for summary in found:
        print(json.dumps(summary.row) if options.json else line(summary, found))


def parser() -> argparse.ArgumentParser:
    """The flags."""
    command = argparse.ArgumentParser("python -m benchmarks.attention", description="what looking at attention costs")
    command.add_argument("--geometry", choices=(*GEOMETRIES, EMBEDDED), default="S", help="of the model; default S")
    command.add_argument("--length", type=_lengths, help="tokens, one number or several with commas; default 512")
    command.add_argument("--peers", default=",".join(PEERS), help=f"default {','.join(PEERS)}")
    command.add_argument("--rounds", type=int, default=3, help="processes of each peer and length; default 3")
    command.add_argument("--busy", action="store_true", help="measure again while another process keeps a core busy")
    command.add_argument("--against", metavar="COMMIT", help="measure the capture of another commit too")
    command.add_argument("--log", type=Path, help="add the line of each process to this file, for the report")
    command.add_argument("--json", action="store_true", help="a line of JSON per peer and length instead of the table")
    return command


def line(summary: Summary, among: list[Summary]) -> str:
    """A row of the table, with its ratios to the other peers at its length."""
    row = summary.row
    head = f"{row['peer']:24} {row['length']:6}"
    if "reason" in row:
        return f"{head} not measured: {row['reason']}"
    others = [other for other in among if other.row["length"] == row["length"] and other is not summary]
    ratios = ", ".join(
        f"{row['seconds'] / other.row['seconds']:.2f} x {other.row['peer']}"
        for other in others
        if "reason" not in other.row
    )
    return (
        f"{head} {row['seconds']:8.4f} s ({summary.low:.4f}-{summary.high:.4f}) {row['cpu_seconds']:8.4f} cpu s "
        f"{row['peak_mb']:6.0f} MB peak {row['captured_mb']:6.1f} MB captured  {ratios}"
    )


def _lengths(given: str) -> list[int]:
    return [int(part) for part in given.split(",")]


if __name__ == "__main__":
    main()
