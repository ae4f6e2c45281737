"""`run`: a text through a model, and what the page shows of it at once."""

from pydantic import JsonValue

from gemma2_workbench import Prediction, Trace, predict
from gemma2_workbench.apps.explorer.scores import scores_json
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session

FORECAST = 5


class Run(Question):
    """A text, and the name, folder or hub id of a model."""

    text: str
    model: str


def run(session: Session, asked: Run, tell: Tell) -> JsonValue:
    """The run's id and facts."""
    run_id, trace = session.run(asked.model, asked.text, tell)
    return run_json(run_id, trace) | {"forecast": forecast(session, run_id, trace)}


def run_json(run_id: str, trace: Trace) -> dict[str, JsonValue]:
    """A run as the page knows it."""
    return {
        "id": run_id,
        "text": trace.tokens.text,
        "tokens": list(trace.tokens.display),
        "words": list(trace.tokens.words),
        "model": trace.model.name,
        "dtype": trace.model.dtype,
        "layers": [{"kind": layer.kind, "window": layer.window, "softcap": layer.softcap} for layer in trace.layers],
        "heads": trace.heads,
        "kv_heads": trace.kv_heads,
        "modified": list(trace.changes),
        "exact": trace.parity.holds,
        "parity": trace.parity.sentence,
        "seconds": trace.seconds,
        **scores_json(trace),
    }


def forecast(session: Session, run_id: str, trace: Trace) -> JsonValue:
    """The likeliest next tokens after the text, None for a model that predicts none."""
    loaded = session.model_of(trace)
    if loaded.unembedding is None:
        return None
    prediction: Prediction = session.kept.get(("prediction", run_id), lambda: predict(loaded, trace.tokens.ids))
    return [{"token": token, "probability": probability} for token, probability in prediction.top(FORECAST)]


RUN = Handler("run", Run, run, model=lambda asked: asked.model)
