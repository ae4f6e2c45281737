"""The explorer: a text, a model, and a tab for every view. This file only puts the parts together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gradio as gr

from gemma2_workbench import Trace, embedded
from gemma2_workbench.apps.explorer.opening import Header, saved_traces, wire
from gemma2_workbench.apps.explorer.routes import attention_routes
from gemma2_workbench.apps.explorer.tabs.order import tabs
from gemma2_workbench.apps.page.address import on_tab
from gemma2_workbench.apps.page.session import Session, load_ahead
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.apps.page.status.component import status_line
from gemma2_workbench.apps.page.theme import CSS, IS_DARK, THEME, TOGGLE
from gemma2_workbench.apps.serving.access import Access
from gemma2_workbench.apps.serving.page import guarded, serve_page

EXAMPLES = (
    "The President of the United States met the Prime Minister of Canada. The President of the United States spoke.",
    "Emma was glad to see Mr. Knightley, and Mr. Knightley was glad to see Emma. She asked him to stay.",
    "red blue green seven nine red blue green seven nine red blue green seven nine",
)


def build_app(session: Session) -> gr.Blocks:
    """The page for the models and runs of `session`; nothing is launched."""
    with gr.Blocks(title="Gemma 2 workbench", analytics_enabled=False, delete_cache=(3600, 86400)) as app:
        with gr.Row(equal_height=True):
            gr.Markdown("# Gemma 2 workbench\nSee how Gemma 2 attends, exactly, at every stage.", elem_id="headline")
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme-toggle")
        header = _header(session)
        run, dark, place = gr.State(""), gr.State(False), gr.State({})
        shared = Shared(session, run, dark, place, header.text)
        with gr.Tabs() as all_tabs:
            for tab in tabs():
                with gr.Tab(tab.title, id=tab.name) as heading:
                    tab.build(shared)
                heading.select(None, None, None, js=on_tab(tab.name))
        shared.address.link("model", header.model)
        wire(app, shared, header, all_tabs)
        # Through the server and its queue: a state that only a script sets is not seen by any function.
        is_dark = gr.Checkbox(visible="hidden")
        told: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
        app.load(lambda value: value, is_dark, dark, js=IS_DARK, **told)
        toggle.click(lambda value: value, is_dark, dark, js=TOGGLE, **told)
    return app


def _header(session: Session) -> Header:
    """What to look at: a saved trace, or a text and a model; and what is looked at."""
    saved, shelf = saved_traces(session)
    with gr.Row():
        text = gr.Textbox(EXAMPLES[0], label="Text", lines=3, max_lines=12, scale=4, elem_id="text")
        with gr.Column(scale=1, min_width=260):
            model = gr.Dropdown(
                session.names(),
                value=session.first,
                label="Model (embedded name, folder or hub id)",
                info=None if session.first else "None is loaded: a saved trace needs none. Choose one to run a text.",
                allow_custom_value=True,
                elem_id="model",
            )
            with gr.Row():
                start = gr.Button("Run", variant="primary", size="md", min_width=90, elem_id="run")
                upload = gr.UploadButton(
                    "Open a trace", file_types=[".safetensors"], size="md", min_width=90, elem_id="open-trace"
                )
    gr.Examples([[example] for example in EXAMPLES], text, label="Examples", visible=session.first is not None)
    return Header(text, model, start, saved, upload, shelf, status_line(elem_id="status"))


def launch_options(session: Session, access: Access | None = None) -> dict[str, Any]:
    """What `launch` needs beside the address; shared with the tests. `access` is as of `guarded`."""
    return {
        "theme": THEME,
        "css": CSS,
        "run_history": False,
        "footer_links": ["api", "settings"],
        "quiet": True,
        **guarded(access, attention_routes(session.store)),
    }


def serve(
    model: str | None = None,
    dtype: str | None = None,
    device: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    browser: bool = False,
    traces: Iterable[tuple[str, Trace]] = (),
    models: Sequence[str] = (),
    names: Sequence[str] = (),
    accounts: Mapping[str, str] | None = None,
    memory: int | None = None,
) -> None:
    """Start the explorer, print its address and wait until it is stopped.

    Args:
        model: name, folder or hub id; None is the first of `models`, or the embedded language model, or no model where
            there are traces.
        dtype, device: as of `workbench.load`.
        host, port: where to listen.
        browser: open the page.
        traces: names and saved traces to show.
        models: the only models that the page loads beside `model`. Without them it loads any, or the embedded ones
            where others than this machine reach it.
        names, accounts: as of `Access`.
        memory: as of `Session`.

    Raises:
        OSError: the port is taken.
    """
    access = Access(host, tuple(names), accounts or {})
    session = Session(model, dtype, device, memory, traces, models or (None if access.private else embedded()))
    load_ahead(session)
    with session:
        options = launch_options(session, access)
        serve_page(build_app(session), "Gemma 2 workbench", access, port, browser, options, session.kept.sentence)
