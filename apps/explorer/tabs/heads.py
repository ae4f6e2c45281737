"""Head view: each token twice, with a line from every query to the keys it attends to.

The left column holds the queries, the right one the keys; a line is as strong as the probability with which the query
attends to the key, in the colour of its head. Switch several heads on to compare them. Words merge their tokens: a word
attends with the mean of its tokens and is attended to with their sum. Hiding <bos> takes away where heads rest;
renormalising divides what is left by its sum.
"""

from typing import Any

import gradio as gr

from apps.explorer.components.head_view.component import head_view, head_view_value
from apps.explorer.tabs.shared import Shared, explain


def build(shared: Shared) -> None:
    """Put the head view into the current tab."""
    view = head_view(elem_id="head-view")
    explain(__doc__ or "")

    def show(run: str) -> dict[str, Any]:
        trace = shared.session.store.find(run)
        return head_view_value(run, trace) if trace is not None else {}

    gr.on(shared.run.change, show, shared.run, view, queue=False, show_progress="hidden", api_visibility="private")
