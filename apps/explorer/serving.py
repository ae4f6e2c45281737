"""Serving a page until it is stopped: what the explorer and the bench on its own have in common."""

import threading
from typing import Any

import gradio as gr


def serve_page(app: gr.Blocks, title: str, host: str, port: int | None, browser: bool, options: dict[str, Any]) -> None:
    """Launch a page, print its address and wait until it is stopped.

    Args:
        app: the page.
        title: what to call it in front of its address.
        host, port: where to listen; None is the first free port.
        browser: open the page.
        options: what else `launch` takes.

    Raises:
        OSError: the port is taken.
        KeyboardInterrupt: ctrl-c.
    """
    _, url, _ = app.launch(server_name=host, server_port=port, inbrowser=browser, prevent_thread_lock=True, **options)
    print(f"{title}: {url} (stop with ctrl-c)", flush=True)  # noqa: T201 - the address is the output
    try:
        threading.Event().wait()
    finally:
        app.close(verbose=False)
