"""Many readers at once on one page: is anything mixed, how long does a route wait, what does the memory do?

First 8 clients run 50 texts each while two others set caps; every map that a client reads is compared bit for bit with
the same map computed in this process, and every answer about a cap has to name it. Then 120 questions come at once:
other attention caps, heads that are off, further texts. All the while one reader asks for a map of a saved trace again
and again. Prints a JSON line per figure, and a table.

`python -m benchmarks.load --clients 2 --runs 5 --questions 12` is the same, smaller.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx

from benchmarks.browser.page import FailedError, Page
from benchmarks.browser.readers import Reader, Seen, changed, runs, sentence, what_ifs
from benchmarks.browser.server import Server
from gemma2_workbench import capture, load, save_trace
from gemma2_workbench.json_types import JsonObject


def crowd(address: str, options: argparse.Namespace) -> JsonObject:
    """Clients with texts, two readers who set caps; what they saw."""
    seen, done = Seen(), threading.Event()
    beside = [threading.Thread(target=what_ifs, args=(address, "saved", what, seen, done)) for what in ("cap", "final")]
    clients = [
        threading.Thread(target=runs, args=(address, client, options.runs, seen)) for client in range(options.clients)
    ]
    since = time.perf_counter()
    for thread in (*beside, *clients):
        thread.start()
    for thread in clients:
        thread.join()
    seconds = time.perf_counter() - since
    done.set()
    for thread in beside:
        thread.join()
    mixed = [*seen.mixed, *wrong_maps(seen, "tiny")]
    return {
        "figure": "crowd",
        "clients": options.clients,
        "runs": len(seen.runs),
        "what_ifs": len(seen.what_ifs),
        "maps_compared": len(seen.maps),
        "mixed": len(mixed),
        "failed": len(seen.failed),
        "seconds": round(seconds, 1),
        "longest_run_s": round(max(seen.runs, default=0), 2),
        "longest_what_if_s": round(max(seen.what_ifs, default=0), 2),
        "examples": [*mixed, *seen.failed][:3],
    }


def wrong_maps(seen: Seen, name: str) -> list[str]:
    """The maps that are not, bit for bit, those of the text that the client ran."""
    loaded, traces, wrong = load(name), {}, []
    for text, stage, layer, head, body in seen.maps:
        if text not in traces:
            traces[text] = capture(loaded, text, parity=False)
        values = traces[text].stage(layer, head, stage).numpy().astype("<f4").tobytes()
        if body[: len(values)] != values:
            wrong.append(f"{stage} {layer}.{head} of {text!r}")
    return wrong


def rush(address: str, options: argparse.Namespace) -> JsonObject:
    """All questions at once."""
    asked = questions(address, "saved", options.questions)
    since = time.perf_counter()
    times, refused = at_once(asked)
    return {
        "figure": "rush",
        "questions": len(asked),
        "answered": len(times),
        "refused": len(refused),
        "seconds": round(time.perf_counter() - since, 1),
        "first_answer_s": round(min(times, default=0), 2),
        "longest_answer_s": round(max(times, default=0), 2),
        "examples": refused[:3],
    }


def questions(address: str, name: str, count: int) -> list[Callable[[], object]]:
    """So many questions, a third of each kind, none of them twice; pages are opened before anything is asked."""
    asked: list[Callable[[], object]] = []
    for number in range(count):
        page = Page(address)
        run, third = page.ask("saved", trace=name)["id"], number // 3
        if number % 3 == 0:
            cap = f"{5 + number / 4:g}"
            asked.append(lambda page=page, run=run, cap=cap: changed(page, run, "cap", cap))
        elif number % 3 == 1:
            off = [f"L{layer}H{head}" for layer in range(third // 6 % 6 + 1) for head in range(third % 6 + 1)]
            asked.append(lambda page=page, run=run, off=off: page.ask("change", run=run, off=off))
        else:
            text = sentence(number, number)
            asked.append(lambda page=page, text=text: page.ask("run", text=text, model="tiny"))
    return asked


def at_once(asked: Sequence[Callable[[], object]]) -> tuple[list[float], list[str]]:
    """Ask everything in one moment; when each answer came, in seconds from then, and what was refused."""
    start, times, refused = threading.Barrier(len(asked)), [], []

    def one(question: Callable[[], object]) -> float:
        start.wait()
        begun = time.perf_counter()
        question()
        return time.perf_counter() - begun

    with ThreadPoolExecutor(len(asked)) as pool:
        waiting: list[Future[float]] = [pool.submit(one, question) for question in asked]
        for future in as_completed(waiting):
            try:
                times.append(future.result())
            except (FailedError, httpx.HTTPError, ValueError) as error:
                refused.append(str(error))
    return times, refused


def measured(options: argparse.Namespace, folder: Path) -> list[JsonObject]:
    """All figures."""
    trace = folder / "saved.safetensors"
    save_trace(capture(load("tiny"), sentence(0, 0) + " " + sentence(1, 1)), trace)
    with Server(folder, ["--model", "tiny", "--trace", str(trace)]) as server:
        page = Page(server.address)
        page.ask("run", text="Emma met Bob.", model="tiny")  # the model is there from now on
        run = page.ask("saved", trace="saved")["id"]
        before = server.memory, server.files
        figures = []
        for phase in (lambda: crowd(server.address, options), lambda: rush(server.address, options)):
            reader = Reader(server.address, run)
            reader.start()
            figure = phase()
            reader.stop()
            figures += [figure, {"figure": f"a route during the {figure['figure']}", **reader.told()}]
        after = server.memory, server.files
    memory = {"before_mb": before[0] >> 20, "after_mb": after[0] >> 20}
    files = {"files_before": before[1], "files_after": after[1], "files_at_the_end": server.files}
    return [*figures, {"figure": "memory and temporary files", **memory, **files}]


def main() -> None:
    """Measure, and print the figures as JSON lines and as a table."""
    command = argparse.ArgumentParser(description="many readers at once on one page")
    command.add_argument("--clients", type=int, default=8, help="readers who run texts; default 8")
    command.add_argument("--runs", type=int, default=50, help="texts of each; default 50")
    command.add_argument("--questions", type=int, default=120, help="asked at once; default 120")
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        figures = measured(command.parse_args(), Path(folder))
    for figure in figures:
        print(json.dumps(figure))
    for figure in figures:
        print(f"\n{figure.pop('figure')}")
        for name, value in figure.items():
            print(f"  {name.replace('_', ' '):20} {value}")


if __name__ == "__main__":
    main()
