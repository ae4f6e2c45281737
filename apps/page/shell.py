"""The page as gradio holds it: one `gr.HTML` that loads our modules, and nothing else on it.

Its template is constant, because gradio evaluates `${...}` in what it fills in: texts and tokens travel as JSON through
`workbench/ask` and reach the page by `textContent` only.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.events import api
from pydantic import JsonValue
from starlette.routing import Route

from gemma2_workbench.apps.page import models
from gemma2_workbench.apps.page.ask import ask_route
from gemma2_workbench.apps.page.questions import Handler, Handlers
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.static import address, static_route, styles
from gemma2_workbench.apps.page.theme import THEME
from gemma2_workbench.apps.page.upload import upload_route
from gemma2_workbench.apps.serving.access import Access
from gemma2_workbench.apps.serving.page import guarded

TITLE = "Gemma 2 workbench"
# Gradio's page has <base href="./">, against which the addresses are resolved before the address of the page changes.
START = """
const at = (path) => new URL(path, document.baseURI).href;
import(at(settings.main)).then(({ start }) => start(element, settings), (error) => {
  element.textContent = `The page could not start (${error.message}): reload it.`;
});
"""


def build_app(settings: Mapping[str, JsonValue], endpoints: Mapping[str, Callable[..., Any]]) -> gr.Blocks:
    """The page; nothing is launched.

    Args:
        settings: what the browser is told once, beside the address of its first module.
        endpoints: what programs may call by gradio's API, by name.
    """
    told = json.dumps({**settings, "main": address("main.js")}, ensure_ascii=True)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 86400), fill_width=True) as app:
        gr.HTML(
            None,
            html_template='<div id="workbench"></div>',
            js_on_load=f"const settings = {told};{START}",
            apply_default_css=False,
            container=False,
            padding=False,
        )
        for name, function in endpoints.items():
            api(function, api_name=name, concurrency_limit=None)
    return app


def launch_options(
    session: Session, handlers: Sequence[Handler[Any]], routes: Sequence[Route] = (), access: Access | None = None
) -> dict[str, Any]:
    """What `launch` needs beside the address; shared with the tests.

    Args:
        session: models and runs.
        handlers: who answers the questions of the page.
        routes: further routes of ours.
        access: as of `guarded`.
    """
    ours = [static_route(), ask_route(session, Handlers([*models.HANDLERS, *handlers])), upload_route(session), *routes]
    links = "".join(f'<link rel="stylesheet" href="{address(path)}">' for path in styles())
    return {
        "theme": THEME,
        "head": links + f'<link rel="modulepreload" href="{address("main.js")}">',
        "run_history": False,
        "footer_links": [],
        "quiet": True,
        **guarded(access, ours),
    }
