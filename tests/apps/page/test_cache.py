"""What the server keeps: within its bytes, each value made once, and nothing of a failure."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
import torch

from gemma2_workbench import Trace, load
from gemma2_workbench.apps.page.cache import Kept
from gemma2_workbench.apps.page.sizes import taken
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.traces.derive import LayerTensors
from gemma2_workbench.traces.layer_store import FileLayers

MB = 10**6


def megabytes(count: int) -> torch.Tensor:
    return torch.zeros(count * MB, dtype=torch.uint8)


def test_what_was_used_longest_ago_makes_room() -> None:
    kept = Kept(memory=3 * MB + 1000)
    for key in "abc":
        kept.add(key, megabytes(1))
    assert kept.find("a") is not None
    kept.add("d", megabytes(1))
    assert [key for key in "abcd" if kept.find(key) is not None] == ["a", "c", "d"]
    kept.add("large", megabytes(9))
    assert len(kept) == 1
    assert kept.find("large") is not None


def test_layers_in_files_count_as_disk() -> None:
    def spilled() -> FileLayers:
        layers = FileLayers()
        layers.append(LayerTensors(*(torch.zeros(2, 1000) for _ in range(5))))
        return layers

    assert taken(spilled()) == (0, 40_000)
    kept = Kept(memory=MB, disk=90_000)
    for key in "abc":
        kept.add(key, spilled())
    assert [kept.find(key) is not None for key in "abc"] == [False, True, True]


def test_a_value_takes_its_tensors_once(make_trace: Callable[..., Trace]) -> None:
    tensor = megabytes(1)
    assert taken([tensor, tensor[:10], (tensor,)]).memory < MB + 1000
    loaded = load("tiny")
    weights = sum(parameter.nbytes for parameter in loaded.model.parameters())
    assert weights < taken(loaded).memory < 1.01 * weights
    trace = make_trace("abcdefgh")
    tensors = sum(part.nbytes for layer in trace.tensors for part in vars(layer).values())
    assert tensors < taken(trace).memory < tensors + 20_000


def test_a_value_is_made_once_however_many_ask() -> None:
    kept, start, made = Kept(memory=MB), threading.Event(), []

    def make() -> str:
        start.wait(10)
        made.append(1)
        return "value"

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(kept.get, "key", make) for _ in range(3)]
        soon = kept.soon("key", make, pool)
        assert kept.get("other", lambda: "others do not wait") == "others do not wait"
        start.set()
        assert {each.result(10) for each in [*asked, soon]} == {"value"}
    assert made == [1]


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    kept, begun, fail = Kept(memory=MB), threading.Event(), threading.Event()

    def make() -> str:
        begun.set()
        fail.wait(10)
        raise OSError("no such model")

    with ThreadPoolExecutor(2) as pool:
        first = kept.soon("key", make, pool)
        begun.wait(10)
        second = pool.submit(kept.get, "key", make)
        fail.set()
        for asked in (first, second):
            with pytest.raises(OSError, match="no such model"):
                asked.result(10)
    assert kept.get("key", lambda: "now it is there") == "now it is there"


def test_what_one_gives_up_another_makes() -> None:
    kept, begun, leave = Kept(memory=MB), threading.Event(), threading.Event()

    def left() -> str:
        begun.set()
        leave.wait(10)
        raise CancelledError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.get, "key", left)
        begun.wait(10)
        second = pool.submit(kept.get, "key", lambda: "made by another")
        leave.set()
        assert second.result(10) == "made by another"
        with pytest.raises(CancelledError):
            first.result(10)


def test_the_store_drops_the_run_read_longest_ago_and_none_that_is_kept_for_good(
    make_trace: Callable[..., Trace],
) -> None:
    trace = make_trace("abcdefgh")
    store = RunStore(Kept(memory=int(2.5 * taken(trace).memory)))
    good, first, second = store.add(trace, keep=True), store.add(trace), store.add(trace)
    assert store.find(first) is trace
    third = store.add(trace)
    assert store.find(second) is None
    assert store.find(first) is store.find(third) is store.find(good) is trace


@pytest.mark.parametrize("limits", [{"memory": 0}, {"disk": -1}])
def test_keeping_nothing_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 byte must be allowed"):
        Kept(**limits)
