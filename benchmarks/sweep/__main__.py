"""Measure a sweep and print a JSON line per figure; `docs/sweeps.md` holds those of a quiet machine.

`python -m benchmarks.sweep --texts 64 --long 128 --rounds 1` is the same, smaller.
"""

import argparse
import json
from collections.abc import Iterator

from benchmarks.sweep.cost import cost
from benchmarks.sweep.engines import memory, shards, workers
from gemma2_workbench.apps.allocator import keep_freed_memory
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.loading import load


def figures(options: argparse.Namespace) -> Iterator[JsonObject]:
    """One after the other."""
    loaded = load(options.model)
    for batch_tokens in (1024, 2048, 4096):
        yield cost(loaded, options.texts, batch_tokens, options.rounds)
    yield from shards(options.model, options.texts)
    yield from workers(options.model, options.texts, options.workers)
    yield memory(options.model, options.long)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--model", default="tiny", help="see `load`; default tiny")
    parser.add_argument("--texts", type=int, default=400, help="of cost and engines; default 400")
    parser.add_argument("--long", type=int, default=10_000, help="of the memory; default 10000")
    parser.add_argument("--rounds", type=int, default=3, help="of each batch; default 3")
    parser.add_argument("--workers", type=int, default=2, help="at most; default 2")
    keep_freed_memory()  # as commands do
    for figure in figures(parser.parse_args()):
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
