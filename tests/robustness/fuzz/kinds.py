"""The kinds of input, by name."""

from collections.abc import Sequence

from tests.robustness.fuzz import checkpoints, configs, data, flags, records, routes, texts, traces
from tests.robustness.fuzz.case import Make

KINDS: dict[str, Make] = {
    "texts": texts.make,
    "flags": flags.make,
    "configs": configs.make,
    "checkpoints": checkpoints.make,
    "traces": traces.make,
    "records": records.make,
    "data": data.make,
    "routes": routes.make,
}
# How many of a thousand cases are of each kind.
SHARES = {
    "texts": 130,
    "flags": 190,
    "configs": 100,
    "checkpoints": 80,
    "traces": 150,
    "records": 60,
    "data": 130,
    "routes": 160,
}


def tasks(cases: int, seed: int, kinds: Sequence[str]) -> list[tuple[str, int, int]]:
    """Kind, seed and number of so many cases: every kind has its share, and they take turns."""
    whole = sum(SHARES[kind] for kind in kinds)
    counts = {kind: -(-cases * SHARES[kind] // whole) for kind in kinds}
    found = [((number + 0.5) / count, kind, number) for kind, count in counts.items() for number in range(count)]
    return [(kind, seed, number) for _, kind, number in sorted(found)]
