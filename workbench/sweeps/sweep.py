"""`sweep`: what every head does over a corpus, alone or as one of several shards; `merge_sweep` joins them."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from gemma2_workbench.limits import whole
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.corpus import Texts
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.store import Store
from gemma2_workbench.sweeps.texts.blocks import blocks_of
from gemma2_workbench.sweeps.work import work

Progress = Callable[[int, int], object]


def sweep(
    loaded: Source,
    corpus: Texts,
    settings: SweepSettings | None = None,
    *,
    out: Path | None = None,
    shard: tuple[int, int] = (0, 1),
    progress: Progress | None = None,
) -> Sweep:
    """Score every head on every text.

    Nothing of size T x T is kept, and memory does not grow with the corpus.

    Args:
        loaded: a model from `load`; it needs no language-model head.
        corpus: the texts.
        settings: windows, blocks, how many examples.
        out: a folder that keeps what is done, so that a run that was stopped goes on there.
        shard: (i, n): only every n-th block from block i on.
        progress: called with (blocks done, blocks) of this shard.

    Raises:
        ValueError: no such shard, a column that does not exist, a window that is too long, a folder of another sweep.
        OSError: a file cannot be read or written.
        NotFiniteError: the model computes NaN or infinity.
    """
    settings = settings or SweepSettings()
    settings.check(loaded)
    of = whole("shards", shard[1], 1)
    number = whole("shard", shard[0], 0, of - 1)
    identity = Identity.of(loaded, corpus, settings)
    store = Store(out, identity, (number, of)) if out is not None else None
    found = store.found if store is not None else Partial.empty(identity)
    blocks = range(number, identity.blocks, of)
    add = found.join if store is None else store.add
    with nullcontext() if store is None else store.writing():
        for block, documents in blocks_of(corpus.documents(), settings.block, set(blocks) - found.blocks):
            add(work(loaded, identity, settings, block, documents))
            if progress is not None:
                progress(len(found.blocks), len(blocks))
    return Sweep.of(found)


def merge_sweep(parts: Sequence[Partial]) -> Sweep:
    """Join the shards of a sweep; the same bytes in any order and for any number of shards.

    Raises:
        ValueError: there is none, they are of different sweeps, share texts, or some are missing.
    """
    if not parts:
        raise ValueError("there is no part of a sweep to merge")
    found = Partial.empty(parts[0].identity)
    for part in parts:
        found.join(part)
    if missing := (blocks := found.identity.blocks) - len(found.blocks):
        raise ValueError(f"{missing} of {blocks} blocks of texts are missing: run the shards that hold them first")
    return Sweep.of(found)
