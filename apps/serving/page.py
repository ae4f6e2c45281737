"""Serving a page until it is stopped: what the explorer and the bench on its own have in common."""

import sys
import threading
from collections.abc import Sequence
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from gemma2_workbench.apps.serving.access import Access
from gemma2_workbench.apps.serving.gate import Gate
from gemma2_workbench.apps.serving.limits import MAX_UPLOAD

# Any other number than gradio's default, for then its functions do not share their threads with our routes.
THREADS = 200


def guarded(access: Access | None = None, routes: Sequence[Route] = ()) -> dict[str, Any]:
    """What `launch` takes so that a page lets in only whom it should.

    Args:
        access: who that is; by default this machine.
        routes: of ours, beside gradio's.
    """
    return {
        "app_kwargs": {"routes": list(routes), "middleware": [Middleware(Gate, access=access or Access())]},
        "max_file_size": MAX_UPLOAD,
        "max_threads": THREADS,
        # Whatever the environment says: no tunnel to the world, no page about the readers.
        "share": False,
        "enable_monitoring": False,
    }


def serve_page(
    app: gr.Blocks,
    title: str,
    access: Access,
    port: int | None,
    browser: bool,
    options: dict[str, Any],
    note: str,
) -> None:
    """Launch a page, print its address and wait until it is stopped.

    Args:
        app: the page.
        title: what to call it in front of its address.
        access: where it listens and who may come in.
        port: where to listen; None is the first free one.
        browser: open the page.
        options: what else `launch` takes, `guarded` among it.
        note: what whoever starts it should know.

    Raises:
        OSError: the port is taken.
        KeyboardInterrupt: ctrl-c.
    """
    for sentence in [*warnings_about(access), note]:
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - whoever starts the server reads it there
    _, url, _ = app.launch(
        server_name=access.host, server_port=port, inbrowser=browser, prevent_thread_lock=True, **options
    )
    print(f"{title}: {url} (stop with ctrl-c)", flush=True)  # noqa: T201 - the address is the output
    try:
        threading.Event().wait()
    finally:
        app.close(verbose=False)


def warnings_about(access: Access) -> list[str]:
    """What whoever serves a page to others should know."""
    if access.private:
        return []
    if not access.accounts:
        return [
            f"warning: anybody who reaches {access.host} can run texts, open files of their own and use up this "
            "machine; ask for a password with --auth FILE"
        ]
    return ["note: passwords and texts go unencrypted over the network unless a proxy with TLS stands in front"]
