"""The bench on a page of its own: a text, a classifier, labels and reasons."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from gemma2_workbench import embedded
from gemma2_workbench.apps.page.address import BACK_AND_FORWARD, Address, writing
from gemma2_workbench.apps.page.session import Session, load_ahead
from gemma2_workbench.apps.page.theme import CSS, THEME, TOGGLE
from gemma2_workbench.apps.serving.access import Access
from gemma2_workbench.apps.serving.page import guarded, serve_page
from gemma2_workbench.apps.token_classification.bench import DEFAULT, QUICK, build, offered

EXAMPLES = (
    "Florence Nightingale left Florence in the autumn of 1854 for the hospital at Scutari.",
    "Jordan flew to Jordan in May, and May met Jordan there.",
    "Angela Merkel met the President of the United States in Washington on Monday. The Germans were pleased.",
    "Emma Woodhouse left London for Paris on 4 May 1815 with Mr. Knightley of the British Museum.",
)


def build_app(session: Session) -> gr.Blocks:
    """The page for the models of `session`; nothing is launched."""
    with gr.Blocks(title="Gemma 2 workbench: labels and reasons", analytics_enabled=False) as app:
        with gr.Row(equal_height=True):
            gr.Markdown(
                "# Labels and reasons\nWhat a Gemma 2 classifier says of each word, and why.", elem_id="headline"
            )
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme-toggle")
        text = gr.Textbox(EXAMPLES[0], label="Text", lines=3, max_lines=12, elem_id="text")
        examples = gr.Examples([[example] for example in EXAMPLES], text, label="Examples")
        bench = build(session, text, offered(session.allowed, session.first or DEFAULT))
        text.submit(**bench.labelling)
        chosen = examples.load_input_event.then(**bench.labelling)
        address = Address()
        address.link("classifier", bench.model)

        def restore(request: gr.Request) -> list[Any]:
            query = dict(request.query_params)
            return [query.get("text") or gr.skip(), *address.restored(query)]

        app.load(None, None, None, js=BACK_AND_FORWARD)
        app.load(restore, None, [text, *address.controls.values()], **QUICK).then(**bench.labelling)
        toggle.click(None, None, None, js=TOGGLE)
        written: dict[str, Any] = {"fn": None, "inputs": text, "js": writing("text", push=True)}
        gr.on([text.submit, bench.start.click], **written)
        chosen.then(**written)
    return app


def launch_options(access: Access | None = None) -> dict[str, Any]:
    """What `launch` needs beside the address; shared with the tests. `access` is as of `guarded`."""
    look = {"theme": THEME, "css": CSS, "run_history": False, "footer_links": ["settings"], "quiet": True}
    return look | guarded(access)


def serve(
    model: str | None = None,
    dtype: str | None = None,
    device: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    browser: bool = False,
    models: Sequence[str] = (),
    names: Sequence[str] = (),
    accounts: Mapping[str, str] | None = None,
    memory: int | None = None,
) -> None:
    """Start the bench, print its address and wait until it is stopped; the arguments are as of the explorer's `serve`.

    Raises:
        OSError, ValueError: the port is taken.
    """
    access = Access(host, tuple(names), accounts or {})
    first = model or next(iter(models), DEFAULT)
    session = Session(first, dtype, device, memory, models=models or (None if access.private else embedded()))
    load_ahead(session)
    with session:
        options = launch_options(access)
        serve_page(build_app(session), "Labels and reasons", access, port, browser, options, session.kept.sentence)
