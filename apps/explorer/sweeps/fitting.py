"""Which sweeps are of the model of a run."""

from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces.trace import ModelInfo

LOST = "this server has no such sweep: start the page with --sweep FOLDER"


def check_sweeps(session: Session) -> None:
    """Refuse a sweep that nothing on the page could show: it must be of the first model, or of that of a trace.

    Raises:
        ValueError: it is of another model.
        OSError, ValueError: the model cannot be loaded.
    """
    if not session.sweeps:
        return
    traces = filter(None, map(session.store.find, session.traces.values()))
    models = [trace.model for trace in traces]
    if session.first is not None:
        models.append(ModelInfo.of(session.model(session.first)))
    for name, sweep in session.sweeps.items():
        if not any(map(sweep.identity.is_of, models)):
            shown = ", ".join(dict.fromkeys(f"{model.name} ({_hash(model.weights_sha256)})" for model in models))
            own = sweep.identity.model
            raise ValueError(
                f"{name} is a sweep of {own['name']} ({_hash(own['weights_sha256'])}), and the page opens {shown}; "
                f"give --model {own['name']}, or leave this sweep out"
            )


def fitting_json(session: Session, trace: Trace) -> JsonValue:
    """The sweeps of the model of a run: [{name, texts, tokens, said}]; `said` is what they are over, in words."""
    return [
        {"name": name, "texts": sweep.identity.documents, "tokens": sweep.counts["tokens"], "said": said(sweep)}
        for name, sweep in session.sweeps.items()
        if sweep.identity.is_of(trace.model)
    ]


def sweep_named(session: Session, name: str) -> Sweep:
    """One of the sweeps that the page was started with.

    Raises:
        ValueError: there is no such one.
    """
    try:
        return session.sweeps[name]
    except KeyError:
        raise ValueError(LOST) from None


def said(sweep: Sweep) -> str:
    """`2,000 texts`."""
    count = sweep.identity.documents
    return f"{count:,} text{'' if count == 1 else 's'}"


def _hash(weights: str | None) -> str:
    return f"weights {weights[:8]}" if weights else "weights of no file"
