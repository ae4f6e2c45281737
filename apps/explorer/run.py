"""`run` and `saved`: a text through a model, or a saved trace, and what the page shows of it at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import gradio as gr
from pydantic import JsonValue

from gemma2_workbench import Prediction, Trace, predict, tokenize
from gemma2_workbench.apps.explorer.ahead import Ahead, drawn_first
from gemma2_workbench.apps.explorer.lacking import lacking
from gemma2_workbench.apps.explorer.scores import scores_json
from gemma2_workbench.apps.explorer.softcap import saturated
from gemma2_workbench.apps.explorer.sweeps.fitting import fitting_json
from gemma2_workbench.apps.page.questions import FAILURES, Handler, Question, Tell
from gemma2_workbench.apps.page.session import ModelAbsentError, Session
from gemma2_workbench.models.parity.fingerprint import looked_at_once
from gemma2_workbench.models.readable import readable, readable_piece
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.estimate import estimate, is_long
from gemma2_workbench.traces.stages import STAGES

FORECAST = 5
LOST = "this saved trace is no longer held by the server: open its file again"


class Run(Question):
    """A text, and the name, folder or hub id of a model; `ahead` is what the page will draw of it first."""

    text: str
    model: str
    ahead: Ahead | None = None


class Saved(Question):
    """A saved trace: its name where the server was started with it, the id of its run where a reader opened it."""

    trace: str


@looked_at_once()
def run(session: Session, asked: Run, tell: Tell) -> JsonValue:
    """The run's id and facts; one that takes long is announced with what it will take."""
    _announce(session.model(asked.model), asked.text, tell)
    run_id, trace = session.run(asked.model, asked.text, tell)
    loaded = session.model(asked.model)
    said = run_json(run_id, trace, loaded)
    return said | {
        "forecast": forecast(session, run_id, trace, loaded),
        "sweeps": fitting_json(session, trace),
        "ahead": None if asked.ahead is None else drawn_first(trace, asked.ahead, _opening(said)),
    }


def _opening(said: Mapping[str, JsonValue]) -> str | None:
    """The name of the head that a run opens with."""
    opens = said["opening"]
    return str(opens["head"]) if isinstance(opens, dict) else None


def _announce(loaded: Source, text: str, tell: Tell) -> None:
    """Say what a long run will take, and that none of its layers is done: from now on the time left is reckoned."""
    tokens, layers = len(tokenize(loaded.tokenizer, text)), loaded.shape.layers
    if tokens <= loaded.shape.longest and is_long(loaded, tokens):
        tell(0, layers, estimate(loaded, tokens).sentence)
    tell(0, layers)


def saved(session: Session, asked: Saved, _tell: Tell) -> JsonValue:
    """As `run`, of a saved trace; what is expected next is known where its model is loaded.

    Raises:
        ValueError: there is none.
    """
    run_id = session.traces.get(asked.trace, asked.trace)
    trace = session.store.find(run_id)
    if trace is None:
        raise ValueError(LOST)
    try:
        loaded = session.model_of(trace)
    except ModelAbsentError:
        loaded = None
    return run_json(run_id, trace, loaded) | {
        "forecast": None if loaded is None else forecast(session, run_id, trace, loaded),
        "saved": True,
        "sweeps": fitting_json(session, trace),
    }


def run_json(run_id: str, trace: Trace, loaded: Source | None = None) -> dict[str, JsonValue]:
    """A run as the page knows it; `loaded` is its model where that is here."""
    return {
        "id": run_id,
        "text": trace.tokens.text,
        "tokens": list(trace.tokens.display),
        "words": list(trace.tokens.words),
        "readable": [vars(each) for each in readable(trace.tokens)],
        "model": trace.model.name,
        "dtype": trace.model.dtype,
        "layers": [
            {
                "kind": layer.kind,
                "window": layer.window,
                "softcap": layer.softcap,
                "chunk": layer.chunk,
                "prefix": layer.prefix,
                "softmax": layer.softmax,
                "staged": layer.staged,
                "sinks": layer.sinks is not None,
            }
            for layer in trace.layers
        ],
        "heads": trace.heads,
        "kv_heads": trace.kv_heads,
        "modified": list(trace.changes),
        "exact": trace.parity.holds,
        "parity": trace.parity.sentence,
        "weights": list(trace.model.weights.sentences),
        "tier": trace.tier,
        "maps_only": trace.model.maps_only,
        "stages": _stages(trace),
        "lacks": {**lacking(trace, loaded)},
        "approximate": trace.model.weights.quantized is not None,
        "seconds": trace.seconds,
        "saturated": saturated(trace),
        **scores_json(trace),
    }


def _stages(trace: Trace) -> list[JsonValue]:
    """The stages that are known of every layer that attends."""
    known = [set(trace.known_stages(info.index)) for info in trace.layers if info.softmax]
    return [name for name in STAGES if all(name in names for names in known)]


def forecast(session: Session, run_id: str, trace: Trace, loaded: Source) -> JsonValue:
    """The likeliest next tokens after the text, None for a model that predicts none."""
    if loaded.unembedding is None:
        return None
    prediction: Prediction = session.kept.get(("prediction", run_id), lambda: predict(loaded, trace.tokens.ids))
    return [expected(token, probability) for token, probability in prediction.top(FORECAST)]


def expected(token: str, probability: float) -> dict[str, JsonValue]:
    """A token that may come next."""
    return {"token": token, "probability": probability, **vars(readable_piece(token))}


def endpoint(session: Session) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`run` for programs: gradio's API shows and documents it."""

    async def run_text(text: str, model: str = "tiny") -> dict[str, Any]:
        """Run a text through a model: facts, and the id under which /attention/ID/STAGE/LAYER/HEAD reads its maps."""
        try:
            await session.ready(model)
            run_id, trace = await session.desk.do(lambda: session.run(model, text))
        except FAILURES as error:
            raise gr.Error(str(error), print_exception=False) from error
        return await asyncio.to_thread(run_json, run_id, trace)

    return run_text


RUN = Handler("run", Run, run, model=lambda asked: asked.model)
SAVED = Handler("saved", Saved, saved)
