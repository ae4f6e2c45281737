"""What is on the page: a text that was run, or a saved trace that was opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench import ParityError
from gemma2_workbench.apps.explorer.tabs.order import tabs
from gemma2_workbench.apps.page.address import BACK_AND_FORWARD, TABS_ARE_THE_READERS, place_of, writing
from gemma2_workbench.apps.page.session import Session, free_name
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.apps.page.status.component import facts, problem
from gemma2_workbench.traces.file import load_trace

# Gradio finds the progress bar by this default.
PROGRESS = gr.Progress()
FIRST_WORDS = 70
LOST = "this saved trace is no longer held by the server: open its file again"
FAILURES = (ValueError, OSError, MemoryError, ParityError)
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# Gradio's <base href="./"> says nothing, but for its sake plotly writes the address of the page into every pattern and
# clip path, which are lost when the address changes.
NO_BASE = "() => { document.querySelector('base')?.removeAttribute('href'); }"


@dataclass(frozen=True)
class Header:
    """The components above the tabs.

    Attributes:
        text, model, start: a text, the model to run it through, and the button that does.
        saved: which saved trace is shown, None for none.
        upload: opens another one.
        shelf: run ids of the saved traces that this reader can choose from, by name.
        status: what is shown, or what went wrong.
    """

    text: gr.Textbox
    model: gr.Dropdown
    start: gr.Button
    saved: gr.Dropdown
    upload: gr.UploadButton
    shelf: gr.State
    status: gr.HTML


def saved_traces(session: Session) -> tuple[gr.Dropdown, gr.State]:
    """The choice of a saved trace, which shows only where there is one, and what can be chosen."""
    shelf = dict(session.traces)
    first = next(iter(shelf), None)
    choice = gr.Dropdown(
        _choices(session, shelf), value=first, label="Saved trace", visible=bool(shelf), elem_id="saved-trace"
    )
    return choice, gr.State(shelf)


def wire(app: gr.Blocks, shared: Shared, header: Header, all_tabs: gr.Tabs) -> None:
    """Show something when the page opens, on the button, on enter, on a chosen and on an uploaded trace."""
    opening = Opening(shared.session)
    text, saved, status = header.text, header.saved, header.status
    shown = [shared.run, status, text, saved]

    def restore(request: gr.Request) -> list[Any]:
        query = dict(request.query_params)
        trace = opening.wanted(query)
        return [
            query.get("text") or gr.skip(),
            gr.update(value=trace),
            place_of(query),
            *shared.address.restored(query),
        ]

    def open_tab(request: gr.Request) -> Any:
        name = request.query_params.get("tab")
        return gr.Tabs(selected=name) if name in {tab.name for tab in tabs()} else gr.skip()

    app.load(None, None, None, js=NO_BASE)
    app.load(None, None, None, js=BACK_AND_FORWARD)
    restored = [text, saved, shared.place, *shared.address.controls.values()]
    opened = app.load(restore, None, restored, queue=False, api_visibility="private")
    model: dict[str, Any] = {"show_progress_on": status, "concurrency_limit": None}
    first = [text, header.model, saved, header.shelf, shared.run]
    opened.then(opening.first, first, shown, **model, api_visibility="private")
    # Gradio drops a choice of tab that comes with the very first update.
    opened.then(open_tab, None, all_tabs, **QUICK).then(None, None, None, js=TABS_ARE_THE_READERS)

    asked = [header.start.click, text.submit]
    gr.on(asked, opening.run, [text, header.model, shared.run], shown, **model, api_name="run")
    gr.on(asked, None, text, None, js=writing("text", push=True, instead_of="trace"))
    saved.input(
        opening.show, [saved, header.shelf, shared.run], shown, concurrency_limit=None, api_visibility="private"
    )
    saved.input(None, saved, None, js=writing("trace", push=True, instead_of="text"))
    # A file of the reader's is not there for who follows the address.
    header.upload.upload(None, None, None, js=f"() => ({writing('trace', instead_of='text')})(null)")
    header.upload.upload(
        opening.upload, [header.upload, header.shelf, shared.run], [*shown, header.shelf], api_visibility="private"
    )


class Opening:
    """What the header does; answers are run, status, text and the choice of the saved trace."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def wanted(self, query: dict[str, str]) -> str | None:
        """The saved trace that an address asks for, or the first one where it asks for no text either."""
        name = query.get("trace")
        if name in self._session.traces:
            return name
        return None if "text" in query else next(iter(self._session.traces), None)

    async def first(
        self,
        text: str,
        model: str,
        saved: str | None,
        shelf: dict[str, str],
        shown: str,
        progress: gr.Progress = PROGRESS,
    ) -> tuple[Any, ...]:
        """What the page opens with."""
        return self.show(saved, shelf, shown) if saved else await self.run(text, model, shown, progress)

    async def run(self, text: str, model: str, shown: str, progress: gr.Progress = PROGRESS) -> tuple[Any, ...]:
        """A text through a model; a failed run keeps what was shown."""

        def tell(done: int, of: int) -> None:
            progress((done, of), unit="layers")

        session = self._session
        try:
            if model:
                await session.ready(model)
            new, trace = await session.desk.do(lambda: session.run(model, text, tell))
        except FAILURES as error:
            return shown, problem(str(error)), gr.skip(), gr.skip()
        return new, facts(trace), gr.skip(), gr.update(value=None)

    def show(self, saved: str | None, shelf: dict[str, str], shown: str) -> tuple[Any, ...]:
        """A saved trace by its name."""
        run = shelf.get(saved or "", "")
        trace = self._session.store.find(run)
        if saved is None or trace is None:
            return shown, problem(LOST), gr.skip(), gr.skip()
        return run, facts(trace, saved), trace.tokens.text, gr.update(value=saved)

    def upload(self, path: str, shelf: dict[str, str], shown: str) -> tuple[Any, ...]:
        """A file of the reader, which joins the choice of this page and of no other; the shelf is the fifth answer."""
        file = Path(path)
        try:
            trace = load_trace(file)
        except FAILURES as error:
            # The reader knows the name of the file, not where the server keeps its copy.
            return shown, problem(str(error).replace(path, file.name)), gr.skip(), gr.skip(), gr.skip()
        name = free_name(file.stem, shelf)
        shelf = shelf | {name: self._session.store.add(trace)}
        run, said, text, _ = self.show(name, shelf, shown)
        return run, said, text, gr.Dropdown(_choices(self._session, shelf), value=name, visible=True), shelf


def _choices(session: Session, shelf: dict[str, str]) -> list[tuple[str, str]]:
    """Each saved trace as its name with the first words of its text."""
    found = ((name, session.store.find(run)) for name, run in shelf.items())
    return [(f"{name} · {_beginning(trace.tokens.text)}", name) for name, trace in found if trace is not None]


def _beginning(text: str) -> str:
    line = " ".join(text[: 2 * FIRST_WORDS].split())
    return line if len(line) <= FIRST_WORDS else line[:FIRST_WORDS].rsplit(" ", 1)[0] + " …"
