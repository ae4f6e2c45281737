"""The explorer: a text, a model, and a tab for every view. This file only puts the parts together."""

import threading
from typing import Any

import gradio as gr
from gradio.themes import Base
from gradio.themes.utils.fonts import LocalFont

from apps.explorer.address import BACK_AND_FORWARD, TABS_ARE_THE_READERS, on_tab, place_of, writing
from apps.explorer.components.status.component import facts, problem, status_line
from apps.explorer.routes import attention_routes
from apps.explorer.session import Session
from apps.explorer.tabs import tabs
from apps.explorer.tabs.shared import Shared
from workbench import ParityError

EXAMPLES = (
    "The President of the United States met the Prime Minister of Canada. The President of the United States spoke.",
    "Emma was glad to see Mr. Knightley, and Mr. Knightley was glad to see Emma. She asked him to stay.",
    "red blue green seven nine red blue green seven nine red blue green seven nine",
)
# Fonts in the two weights whose files are whole: the semi-bold ones that gradio bundles lack most letters.
THEME = Base(
    font=[LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    font_mono=[LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
)
CSS = """
.gradio-container { max-width: 1400px !important; margin: 0 auto; }
#headline h1 { font-size: 20px; margin: 0; } #headline p { margin: 0; color: var(--body-text-color-subdued); }
#theme-toggle { max-width: 120px; }
.take-away { align-items: end; }
/* Gradio's row of tabs does not shrink: on a phone it would make the page scroll sideways. */
.tab-wrapper .tab-container { overflow-x: auto; width: 0; flex: 1 1 0; }
"""
# Gradio finds the progress bar by this default.
PROGRESS = gr.Progress()
IS_DARK = "() => document.body.classList.contains('dark')"
# Gradio's <base href="./"> says nothing, but for its sake plotly writes the address of the page into every pattern and
# clip path, which are lost when the address changes.
NO_BASE = "() => { document.querySelector('base')?.removeAttribute('href'); }"
TOGGLE = "() => { document.body.classList.toggle('dark'); return document.body.classList.contains('dark'); }"


def build_app(session: Session) -> gr.Blocks:
    """The page for the models and runs of `session`; nothing is launched."""
    with gr.Blocks(title="Gemma 2 workbench", analytics_enabled=False) as app:
        with gr.Row(equal_height=True):
            gr.Markdown("# Gemma 2 workbench\nSee how Gemma 2 attends, exactly, at every stage.", elem_id="headline")
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme-toggle")
        with gr.Row():
            text = gr.Textbox(EXAMPLES[0], label="Text", lines=3, max_lines=12, scale=4, elem_id="text")
            with gr.Column(scale=1, min_width=220):
                model = gr.Dropdown(
                    session.names(),
                    value=session.first,
                    label="Model (embedded name, folder or hub id)",
                    allow_custom_value=True,
                    elem_id="model",
                )
                start = gr.Button("Run", variant="primary", elem_id="run")
        gr.Examples([[example] for example in EXAMPLES], text, label="Examples")
        status = status_line(elem_id="status")
        run, dark, place = gr.State(""), gr.State(False), gr.State({})
        shared = Shared(session, run, dark, place, text)
        with gr.Tabs() as all_tabs:
            for tab in tabs():
                with gr.Tab(tab.title, id=tab.name) as heading:
                    tab.build(shared)
                heading.select(None, None, None, js=on_tab(tab.name))
        shared.address.link("model", model)
        _wire(app, shared, text, model, all_tabs, start, status)
        # Through the server and its queue: a state that only a script sets is not seen by any function.
        is_dark = gr.Checkbox(visible="hidden")
        told: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
        app.load(lambda value: value, is_dark, dark, js=IS_DARK, **told)
        toggle.click(lambda value: value, is_dark, dark, js=TOGGLE, **told)
    return app


def _wire(
    app: gr.Blocks,
    shared: Shared,
    text: gr.Textbox,
    model: gr.Dropdown,
    all_tabs: gr.Tabs,
    start: gr.Button,
    status: Any,
) -> None:
    """Run on the button, on enter and once when the page opens; a failed run keeps what was shown."""

    def restore(request: gr.Request) -> list[Any]:
        query = dict(request.query_params)
        return [query.get("text") or gr.skip(), place_of(query), *shared.address.restored(query)]

    def open_tab(request: gr.Request) -> Any:
        wanted = request.query_params.get("tab")
        return gr.Tabs(selected=wanted) if wanted in {tab.name for tab in tabs()} else gr.skip()

    def run_text(text: str, model: str, shown: str, progress: gr.Progress = PROGRESS) -> tuple[str, dict[str, Any]]:
        def tell(done: int, of: int) -> None:
            progress((done, of), unit="layers")

        try:
            new, trace = shared.session.run(model, text, tell)
        except (ValueError, OSError, MemoryError, ParityError) as error:
            return shown, problem(str(error))
        return new, facts(trace)

    run: dict[str, Any] = {
        "fn": run_text,
        "inputs": [text, model, shared.run],
        "outputs": [shared.run, status],
        "show_progress_on": status,
        "concurrency_limit": 1,
        "concurrency_id": "model",
    }
    app.load(None, None, None, js=NO_BASE)
    app.load(None, None, None, js=BACK_AND_FORWARD)
    restored = [text, shared.place, *shared.address.controls.values()]
    quick: dict[str, Any] = {"queue": False, "api_visibility": "private"}
    opened = app.load(restore, None, restored, **quick)
    opened.then(**run, api_visibility="private")
    # Gradio drops a choice of tab that comes with the very first update.
    opened.then(open_tab, None, all_tabs, **quick).then(None, None, None, js=TABS_ARE_THE_READERS)
    gr.on([start.click, text.submit], **run, api_name="run")
    gr.on([start.click, text.submit], None, text, None, js=writing("text", push=True))


def launch_options(session: Session) -> dict[str, Any]:
    """What `launch` needs beside the address; shared with the tests."""
    return {
        "theme": THEME,
        "css": CSS,
        "app_kwargs": {"routes": attention_routes(session.store)},
        "run_history": False,
        "footer_links": ["api", "settings"],
        "quiet": True,
    }


def serve(
    model: str | None = None,
    dtype: str | None = None,
    device: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    browser: bool = False,
) -> None:
    """Start the explorer, print its address and wait until it is stopped.

    Raises:
        OSError, ValueError: the model cannot be loaded, or the port is taken.
    """
    session = Session(model, dtype, device)
    # The page is drawn while the weights load; a wrong name is told before anything starts.
    loading = threading.Thread(target=session.model, args=(session.first,), daemon=True)
    loading.start()
    app = build_app(session)
    _, url, _ = app.launch(
        server_name=host, server_port=port, inbrowser=browser, prevent_thread_lock=True, **launch_options(session)
    )
    print(f"Gemma 2 workbench: {url} (stop with ctrl-c)", flush=True)  # noqa: T201 - the address is the output
    app.block_thread()
