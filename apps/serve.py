"""The page with all its modes: Explore and Classify put together, and served."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import gradio as gr
from pydantic import JsonValue

from gemma2_workbench import Trace, embedded
from gemma2_workbench.apps.explorer import handlers as explorer
from gemma2_workbench.apps.explorer.routes import attention_routes
from gemma2_workbench.apps.explorer.run import endpoint
from gemma2_workbench.apps.explorer.savables import SAVABLES as explorer_savables
from gemma2_workbench.apps.explorer.settings import browser_settings
from gemma2_workbench.apps.explorer.sweeps.fitting import check_sweeps
from gemma2_workbench.apps.page import shell
from gemma2_workbench.apps.page.layer_looks import layer_looks
from gemma2_workbench.apps.page.save.file import file_route, preview_handler
from gemma2_workbench.apps.page.save.file import settings as save_settings
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session, load_ahead
from gemma2_workbench.apps.serving.access import Access
from gemma2_workbench.apps.serving.page import serve_page
from gemma2_workbench.apps.token_classification import handlers as classification
from gemma2_workbench.apps.token_classification.savables import SAVABLES as classification_savables
from gemma2_workbench.models.reading.shipped import CLASSIFIER
from gemma2_workbench.sweeps.result import Sweep


def build_app(session: Session, mode: str = "explore") -> gr.Blocks:
    """The page for the models and runs of `session`; nothing is launched.

    Args:
        session: models, runs and saved traces.
        mode: what it opens with where its address does not say: "explore" or "classify".
    """
    # Whoever starts with a classifier of their own wants that one.
    bench = [session.first] if mode == "classify" and session.first is not None else []
    settings: dict[str, JsonValue] = {
        "mode": mode,
        "traces": list(session.traces),
        "save": save_settings(),
        "layers": layer_looks(),
        "version": version("gemma2-workbench"),
        "explore": {**browser_settings(), "models": [*session.names()]},
        "classify": classification.settings(session, bench),
    }
    return shell.build_app(settings, {"run": endpoint(session)})


def launch_options(session: Session, access: Access | None = None) -> dict[str, Any]:
    """What `launch` needs beside the address; shared with the tests. `access` is as of `guarded`."""
    savables = Savables([*explorer_savables, *classification_savables])
    handlers = (*explorer.HANDLERS, *classification.HANDLERS, preview_handler(savables))
    routes = [*attention_routes(session.store), file_route(session, savables)]
    return shell.launch_options(session, handlers, routes, access)


def serve(
    model: str | None = None,
    dtype: str | None = None,
    device: str | None = None,
    quantize: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    browser: bool = False,
    traces: Iterable[tuple[str, Trace]] = (),
    models: Sequence[str] = (),
    names: Sequence[str] = (),
    accounts: Mapping[str, str] | None = None,
    memory: int | None = None,
    mode: str = "explore",
    sweeps: Iterable[tuple[str, Sweep]] = (),
) -> None:
    """Start the page, print its address and wait until it is stopped.

    Args:
        model: name, folder or hub id; None is the first of `models`, or the embedded language model (classifier in mode
            "classify"), or no model where there are traces.
        dtype, device, quantize: as of `workbench.load`.
        host, port: where to listen.
        browser: open the page.
        traces: names and saved traces to show.
        models: the only models that the page loads beside `model`. Without them it loads any, or the embedded ones
            where others than this machine reach it.
        names, accounts: as of `Access`.
        memory: as of `Session`.
        mode: as of `build_app`.
        sweeps: names and sweeps, of the model that the page opens or of a trace; with one the model is loaded first.

    Raises:
        OSError: the port is taken.
        OSError, ValueError: there are sweeps, and one is of another model, or the model cannot be loaded.
    """
    access = Access(host, tuple(names), accounts or {})
    if mode == "classify" and not models:
        model = model or CLASSIFIER
    allowed = models or (None if access.private else embedded())
    session = Session(model, dtype, device, memory, traces, allowed, quantize, sweeps)
    check_sweeps(session)
    load_ahead(session)
    with session:
        options = launch_options(session, access)
        serve_page(build_app(session, mode), shell.TITLE, access, port, browser, options, session.kept.sentence)
