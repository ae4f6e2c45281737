"""A sweep gives the numbers of single runs, and the same bytes however its texts are shared out."""

import gc
import json
import multiprocessing
import random
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gemma2_workbench import LoadedModel, capture
from gemma2_workbench.heads.scores import scores_of
from gemma2_workbench.sweeps.compare import compare_sweeps
from gemma2_workbench.sweeps.corpus import Corpus
from gemma2_workbench.sweeps.engines import local
from gemma2_workbench.sweeps.engines.job import Job
from gemma2_workbench.sweeps.exact import ExactSum
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.store import parts_of
from gemma2_workbench.sweeps.sweep import merge_sweep, sweep
from gemma2_workbench.sweeps.tables import QUANTILES
from gemma2_workbench.traces.stages import STAGES

WORDS = (
    "red",
    "blue",
    "green",
    "seven",
    "nine",
    "the",
    "President",
    "of",
    "United",
    "States",
    "met",
    "Emma",
    "in",
    "Paris",
)
TEXTS = [" ".join(random.Random(number).choices(WORDS, k=3 + 5 * number)) for number in range(9)]
SETTINGS = SweepSettings(block=2, top=3, sample=2)
FILES = ("heads.parquet", "examples.parquet", "texts.parquet", "manifest.json")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    path = tmp_path_factory.mktemp("corpus") / "texts.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in TEXTS))
    return Corpus.of([path])


@pytest.fixture(scope="module")
def whole(loaded: LoadedModel, corpus: Corpus) -> Sweep:
    return sweep(loaded, corpus, SETTINGS)


def test_scores_are_the_means_of_single_runs(loaded: LoadedModel, whole: Sweep) -> None:
    runs = [capture(loaded, text, parity=False) for text in TEXTS]
    folds = [run.folds for run in runs]
    for name in ("induction", "previous_token", "first_token", "entropy", "distance"):
        single = [scores_of({name: each[name]}, loaded.layers)[name] for each in folds]
        np.testing.assert_allclose(whole.scores[name], np.nanmean(single, axis=0), atol=1e-5)
        values = np.concatenate([each[name].double().numpy() for each in folds], axis=-1)
        rows = whole.heads.loc[whole.heads["statistic"] == name].sort_values(["layer", "head"])
        np.testing.assert_allclose(rows["tokens_mean"], np.nanmean(values, -1).ravel(), atol=1e-5)
        np.testing.assert_allclose(rows["tokens_variance"], np.nanvar(values, -1, ddof=1).ravel(), atol=1e-4)
        assert rows["tokens_count"].tolist() == np.isfinite(values).sum(-1).ravel().tolist()
        for column, share in QUANTILES.items():  # right to a bin
            wanted = np.nanquantile(values, share, axis=-1, method="inverted_cdf").ravel()
            bin_width = 0.15 if name == "entropy" else 0.2 * wanted + 1 if name == "distance" else 1 / 64
            assert (np.abs(rows[f"tokens_{column}"] - wanted) <= bin_width).all()


def test_examples_are_the_strongest_places_with_their_rows(loaded: LoadedModel, whole: Sweep) -> None:
    runs = [capture(loaded, text, parity=False) for text in TEXTS]
    found = whole.examples.loc[(whole.examples["statistic"] == "induction") & (whole.examples["side"] == "top")]
    for layer, head in ((5, 3), (0, 0)):
        best = [np.nan_to_num(run.folds["induction"][layer, head].numpy(), nan=-1).max() for run in runs]
        rows = found.loc[(found["layer"] == layer) & (found["head"] == head)]
        np.testing.assert_allclose(rows["value"], sorted(best, reverse=True)[:3], atol=1e-5)
        for row in rows.itertuples():
            probs = runs[row.document].stage(layer, head, STAGES["attn_probs"].name)[row.query].nan_to_num().numpy()
            assert row.peak == probs.argmax()
            kept = probs[row.first : row.first + len(row.row)]
            np.testing.assert_allclose(row.row[: len(kept)], kept, atol=1e-5)
            (text,) = whole.texts.loc[whole.texts["document"] == row.document].itertuples()
            assert tuple(text.tokens) == runs[row.document].tokens.display
            assert text.text == TEXTS[row.document]


@pytest.mark.parametrize("shards", [1, 4])
def test_shards_merge_to_the_same_bytes_in_any_order(
    loaded: LoadedModel, corpus: Corpus, whole: Sweep, tmp_path: Path, shards: int
) -> None:
    for number in random.Random(0).sample(range(shards), shards):
        sweep(loaded, corpus, SETTINGS, out=tmp_path, shard=(number, shards))
    parts = [Partial.load(path) for path in reversed(parts_of(tmp_path))]
    merge_sweep(parts).save(tmp_path / "merged")
    whole.save(tmp_path / "whole")
    for name in FILES:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    again = Sweep.load(tmp_path / "merged")
    assert again.sentence == whole.sentence
    np.testing.assert_array_equal(again.scores["entropy"], whole.scores["entropy"])


def test_a_stopped_run_goes_on(loaded: LoadedModel, corpus: Corpus, whole: Sweep, tmp_path: Path) -> None:
    def stop(done: int, _of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(loaded, corpus, SETTINGS, out=tmp_path, progress=stop)
    done: list[int] = []
    found = sweep(loaded, corpus, SETTINGS, out=tmp_path, progress=lambda blocks, _of: done.append(blocks))
    assert done == [3, 4, 5]
    found.save(tmp_path)
    whole.save(tmp_path / "whole")
    assert all((tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in FILES)


def test_workers_give_the_same_bytes(corpus: Corpus, whole: Sweep, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    local.run(Job("tiny", None, None, corpus, SETTINGS, tmp_path), 2, lambda *each: told.append(each))
    assert told[-1] == (5, 5)
    merge_sweep([Partial.load(path) for path in parts_of(tmp_path)]).save(tmp_path)
    whole.save(tmp_path / "whole")
    assert (tmp_path / "heads.parquet").read_bytes() == (tmp_path / "whole" / "heads.parquet").read_bytes()


class Telling:
    """The pipe of a worker that SIGTERM reaches when it tells."""

    def send(self, done: int) -> None:
        assert done == 1
        signal.raise_signal(signal.SIGTERM)


def test_a_worker_that_is_ended_keeps_what_it_did(corpus: Corpus, tmp_path: Path) -> None:
    job, before = Job("tiny", None, None, corpus, SETTINGS, tmp_path), signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as end:
            local._shard(job, (1, 2), torch.get_num_threads(), Telling())
    finally:
        signal.signal(signal.SIGTERM, before)
        gc.unfreeze()
    assert end.value.code == 143
    assert Partial.beginning_of(parts_of(tmp_path)[0])[1] == {1}


def test_a_worker_that_was_killed_is_one_sentence() -> None:
    ours, its = multiprocessing.Pipe(duplex=False)
    its.close()
    with pytest.raises(RuntimeError, match="a worker was ended by signal 9, most often for want of memory"):
        list(local._followed({ours: SimpleNamespace(join=int, exitcode=-9)}))


def test_ray_gives_the_same_bytes(corpus: Corpus, whole: Sweep, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install 'gemma2-workbench[ray]'")
    from gemma2_workbench.sweeps.engines import on_ray

    on_ray.run(Job("tiny", None, None, corpus, SETTINGS, tmp_path), 2)
    merge_sweep([Partial.load(path) for path in parts_of(tmp_path)]).save(tmp_path)
    whole.save(tmp_path / "whole")
    assert (tmp_path / "examples.parquet").read_bytes() == (tmp_path / "whole" / "examples.parquet").read_bytes()


@pytest.mark.parametrize("stride", [None, 5])
def test_windows_count_every_token_once(loaded: LoadedModel, tmp_path: Path, stride: int | None) -> None:
    path = tmp_path / "long.txt"
    path.write_text(TEXTS[-1])
    tokens = len(capture(loaded, TEXTS[-1], parity=False).tokens)
    found = sweep(loaded, Corpus.of([path]), SweepSettings(tokens=12, stride=stride))
    counts = found.heads.loc[found.heads["statistic"] == "entropy", "tokens_count"]
    assert set(counts) == {tokens}


def test_two_sweeps_compared(loaded: LoadedModel, corpus: Corpus, whole: Sweep, tmp_path: Path) -> None:
    assert (compare_sweeps(whole, whole)["change"].abs() == 0).all()
    other = tmp_path / "other.txt"
    other.write_text("\n".join("red blue green seven nine red blue green seven nine red" for _ in range(4)))
    frame = compare_sweeps(whole, sweep(loaded, Corpus.of([other]), SETTINGS))
    row = frame.loc[(frame["layer"] == 5) & (frame["head"] == 3) & (frame["statistic"] == "induction")].iloc[0]
    assert row["low"] < row["change"] < row["high"]
    assert row["change"] == pytest.approx(row["after"] - row["before"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=1, max_size=20), st.randoms())
def test_exact_sums_know_no_order(rows: list[list[float]], chance: random.Random) -> None:
    def added(order: list[list[float]]) -> ExactSum:
        total = ExactSum.zeros((3,))
        for row in order:
            total.add(np.array([row]))
        return total

    total = added(rows)
    shuffled = chance.sample(rows, len(rows))
    cut = chance.randint(0, len(rows))
    joined = added(shuffled[:cut])
    joined.join(added(shuffled[cut:]))
    assert (joined.whole.tobytes(), joined.parts.tobytes()) == (total.whole.tobytes(), total.parts.tobytes())
    np.testing.assert_allclose(total.value, np.sum(rows, axis=0), atol=1e-6)
