"""What every tab is given: the session, the run that is shown, and how to describe a view."""

from dataclasses import dataclass

import gradio as gr

from apps.explorer.session import Session
from workbench import View


@dataclass(frozen=True)
class Shared:
    """Components outside the tabs that tabs read.

    Attributes:
        session: models and runs.
        run: id of the run that is shown, "" before the first.
        dark: whether the page is dark.
    """

    session: Session
    run: gr.State
    dark: gr.State


def explain(view: View) -> None:
    """The view's own help text, folded away."""
    with gr.Accordion("What am I looking at?", open=False):
        gr.Markdown(view.help)
