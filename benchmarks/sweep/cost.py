"""Time of a sweep beside the plain forward pass of the same batches, one after the other in turns."""

import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.sweep.texts import many
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.work import batches, fold, rows_of, windows_in
from gemma2_workbench.traces.reader import Batch


def cost(loaded: Source, count: int, batch_tokens: int, rounds: int) -> JsonObject:
    """Processor seconds of all batches; of each batch the fastest of some rounds, so that a busy machine counts less.

    Args:
        loaded: the model.
        count: texts.
        batch_tokens: see `SweepSettings`.
        rounds: how often each batch is run both ways.
    """
    settings = SweepSettings(batch_tokens=batch_tokens)
    corpus = many(count)
    windows, _ = windows_in(loaded, settings, list(corpus.documents()), {})
    found = Partial.empty(Identity.of(loaded, corpus, settings))
    plain, swept, tokens = [], [], 0
    for batch in batches(windows, batch_tokens):
        rows = rows_of(batch, loaded)
        tokens += sum(rows.lengths)
        times = [
            (_seconds(_forward, loaded, rows), _seconds(fold, loaded, found, settings, batch)) for _ in range(rounds)
        ]
        plain.append(min(each for each, _ in times))
        swept.append(min(each for _, each in times))
    return {
        "figure": "cost",
        "model": loaded.name,
        "threads": torch.get_num_threads(),
        "batch_tokens": batch_tokens,
        "tokens": tokens,
        "plain_tokens_per_s": round(tokens / sum(plain)),
        "sweep_tokens_per_s": round(tokens / sum(swept)),
        "ratio": round(sum(swept) / sum(plain), 2),
        "median_ratio": round(statistics.median(b / a for a, b in zip(plain, swept, strict=True)), 2),
    }


def _forward(loaded: Source, rows: Batch) -> None:
    with torch.no_grad():
        loaded.run(rows.ids, rows.keep)


def _seconds(call: Callable[..., object], *args: object) -> float:
    since = time.process_time()
    call(*args)
    return time.process_time() - since
