"""What every tab is given: the session, the run that is shown, and how to describe a view."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from gemma2_workbench import View
from gemma2_workbench.apps.page.address import Address
from gemma2_workbench.apps.page.session import ModelAbsentError, Session
from gemma2_workbench.apps.page.status.component import notice, problem


@dataclass(frozen=True)
class Shared:
    """Components outside the tabs that tabs read.

    Attributes:
        session: models and runs.
        run: id of the run that is shown, "" before the first.
        dark: whether the page is dark.
        place: layer, head, stage and cell that the address asks for, used by the first run only.
        text: the text box.
        address: where a tab links the controls whose values belong into the address.
    """

    session: Session
    run: gr.State
    dark: gr.State
    place: gr.State
    text: gr.Textbox
    address: Address = field(default_factory=Address)


def said_of(error: Exception) -> dict[str, Any]:
    """A failure for a status line; that only a saved trace is here, and not its model, is no failure."""
    return notice(str(error)) if isinstance(error, ModelAbsentError) else problem(str(error))


def explain(*helps: View | str) -> None:
    """Help texts, of views or of a tab's own, folded away."""
    with gr.Accordion("What am I looking at?", open=False):
        for help in helps:
            gr.Markdown(help.help if isinstance(help, View) else help)
