"""What the address of a binary route asks for, checked: a run, a stage, a head, a range. What is wrong is refused."""

from starlette.requests import Request

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.traces.stages import STAGES

LOST_RUN = "this run is no longer held by the server: run the text again"
LONGEST_WORD = 40
MAX_CELLS = 1024 * 1024


def held(store: RunStore, run: str) -> Trace:
    """The trace of a run."""
    trace = store.find(run)
    if trace is None:
        raise Refusal(404, LOST_RUN)
    return trace


def stage_named(stage: str) -> str:
    """A stage that there is."""
    if stage not in STAGES:
        raise Refusal(404, f"there is no stage {_brief(stage)!r}: choose one of {', '.join(STAGES)}")
    return stage


def index(text: str, name: str, count: int) -> int:
    """A layer, head, query or key of `count`."""
    number = whole(text)
    if number is None or number >= count:
        several = "queries" if name == "query" else f"{name}s"
        raise Refusal(404, f"there is no {name} {_brief(text)}: this run has {several} 0 to {count - 1}")
    return number


def head_named(text: str, trace: Trace) -> tuple[int, int]:
    """The (layer, head) of "L5H3"."""
    layer, found, head = text.removeprefix("L").partition("H")
    if not found or not text.startswith("L"):
        raise Refusal(400, f"{_brief(text)!r} is no head: write L0H0")
    return index(layer, "layer", len(trace.layers)), index(head, "head", trace.heads)


def span(request: Request, name: str, count: int) -> range:
    """The half-open range of the query parameter `name`, or all of `count` when it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return range(count)
    start, _, stop = text.partition(":")
    first, end = whole(start), whole(stop)
    if first is None or end is None:
        raise Refusal(400, f"{name}={_brief(text)!r} is no range: write {name}=0:{count}")
    if not first < end <= count:
        raise Refusal(400, f"{name}={_brief(text)!r} must lie within 0:{count} and hold at least one position")
    return range(first, end)


def choice(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    """The query parameter `name`, or the first of what is allowed."""
    text = request.query_params.get(name, allowed[0])
    if text not in allowed:
        raise Refusal(400, f"{name}={_brief(text)!r} is not allowed: choose one of {', '.join(allowed)}")
    return text


def most_cells(request: Request) -> int:
    """How many cells a map may have before it is pooled: `side` squared, at most MAX_CELLS."""
    text = request.query_params.get("side")
    if text is None:
        return MAX_CELLS
    side = whole(text)
    if not side:
        raise Refusal(400, f"side={_brief(text)!r} is not allowed: write a whole number from 1")
    return min(side * side, MAX_CELLS)


def whole(text: str) -> int | None:
    """A whole number from 0 in digits 0 to 9, None for anything else; no place has more than nine of them."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _brief(text: str) -> str:
    """What was asked for, as far as a sentence repeats it."""
    return text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}…"
