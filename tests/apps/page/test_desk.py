"""Who waits holds no thread, who has left is not worked for, and a model that loads keeps nobody from another one."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from gradio.context import LocalContext

from gemma2_workbench import load, predict
from gemma2_workbench.apps.page import session as sessions
from gemma2_workbench.apps.page.departure import DepartedError, has_left_the_queue, stop_if_gone, while_wanted
from gemma2_workbench.apps.page.desk import BusyError, Desk
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.model.hooks import Hook, attached


async def stays() -> bool:
    return False


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine; in a thread of its own, because gradio takes the main thread's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def endless(begun: threading.Event) -> None:
    """Work of endless layers."""
    begun.set()
    while True:
        stop_if_gone()


def test_one_after_the_other_in_one_thread() -> None:
    desk, order, threads = Desk(), [], set()

    def work(number: int) -> int:
        order.append(number)
        threads.add(threading.get_ident())
        return number

    async def ask() -> list[int]:
        return await asyncio.gather(*(desk.do(lambda n=n: work(n), stays) for n in range(100)))

    assert run(ask()) == order == list(range(100))
    assert len(threads) == 1


def test_who_has_left_is_not_worked_for() -> None:
    desk, begun, done = Desk(), threading.Event(), []

    def left_after(event: threading.Event) -> Callable[[], Awaitable[bool]]:
        async def has_left() -> bool:
            return event.is_set()

        return has_left

    async def ask() -> list[Any]:
        first = desk.do(lambda: endless(begun), left_after(begun))
        waiting = desk.do(lambda: done.append("for nobody"), left_after(begun))
        third = desk.do(lambda: "for who stayed", stays)
        return await asyncio.gather(first, waiting, third, return_exceptions=True)

    first, waiting, third = run(ask())
    assert isinstance(first, DepartedError)
    assert isinstance(waiting, DepartedError)
    assert third == "for who stayed"
    assert not done


def test_too_many_are_told_so() -> None:
    desk, go_on = Desk(most=2), threading.Event()

    async def ask() -> list[Any]:
        asked = [asyncio.ensure_future(desk.do(lambda: go_on.wait(10), stays)) for _ in range(4)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        go_on.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    *answered, refused = run(ask())
    assert answered == [True] * 3
    assert isinstance(refused, BusyError)
    assert "2 questions are waiting" in refused.message


def test_a_model_of_the_server_stops_within_a_layer() -> None:
    session, begun, gone, reached = Session("tiny"), threading.Event(), threading.Event(), []
    loaded = session.model("tiny")
    hooks: dict[str, Hook] = {
        "layers.0.self_attn.attn_logits": lambda *_: gone.set(),
        "layers.0.self_attn.head_out": lambda *_: reached.append("the end of the layer"),
    }
    with attached(loaded.model, hooks), pytest.raises(DepartedError):
        while_wanted(lambda: loaded.run(torch.tensor([[2, 3, 4]])), gone)
    assert not reached

    async def has_left() -> bool:
        return begun.is_set()

    def work() -> None:
        begun.set()
        while True:
            predict(loaded, [2, 3, 4])

    with pytest.raises(DepartedError):
        run(session.desk.do(work, has_left))
    assert predict(loaded, [2, 3, 4]).logits.shape == (4096,)


def test_a_model_that_loads_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, loads = threading.Event(), []

    def loading(name: str, **options: Any) -> Any:
        loads.append(name)
        if name == "slow":
            slow.wait(10)
        return load("tiny", **options)

    monkeypatch.setattr(sessions, "load", loading)

    async def ask() -> None:
        with Session("tiny") as session:
            asked = [asyncio.ensure_future(session.ready("slow")) for _ in range(3)]
            await session.ready("tiny")
            made, _ = await session.desk.do(lambda: session.run("tiny", "Anna met Bob"), stays)
            assert session.store.find(made) is not None
            assert not any(each.done() for each in asked)
            slow.set()
            assert len({id(each) for each in await asyncio.gather(*asked)}) == 1

    run(ask())
    assert sorted(loads) == ["slow", "tiny"]


@pytest.mark.parametrize(("events", "left"), [({"1": True}, False), ({"1": False}, True), ({}, False)])
def test_gradio_says_of_an_event_whether_its_browser_is_there(events: dict[str, bool], left: bool) -> None:
    known = {name: SimpleNamespace(alive=alive) for name, alive in events.items()}

    async def ask() -> bool:
        # As gradio sets them for a handler; the context ends with the coroutine.
        LocalContext.blocks.set(SimpleNamespace(_queue=SimpleNamespace(event_ids_to_events=known)))
        LocalContext.event_id.set("1")
        return await has_left_the_queue()

    assert run(ask()) is left
