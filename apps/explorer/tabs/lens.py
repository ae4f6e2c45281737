"""The lens tab: what every layer would predict at every position, and which parts wrote one token's logit."""

from typing import Any

import gradio as gr

from gemma2_workbench import Trace, view_named
from gemma2_workbench.apps.explorer.components.lens import lens_value, lens_view
from gemma2_workbench.apps.explorer.lenses import Lenses, has_lens
from gemma2_workbench.apps.explorer.tabs.plots import plot_of
from gemma2_workbench.apps.page.address import whole, writing
from gemma2_workbench.apps.page.desk import MODEL
from gemma2_workbench.apps.page.download import Taken, take_away
from gemma2_workbench.apps.page.shared import Shared, explain, said_of
from gemma2_workbench.apps.page.status.component import notice, status_line
from gemma2_workbench.views import contributions
from gemma2_workbench.views.lens import METRICS

SCREEN_TOKENS = 512
# More multiplications than these take over a second on a small machine: the reader is asked first.
UNASKED = 10_000_000_000
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# Gradio finds the progress bar by this default.
PROGRESS = gr.Progress()
QUIET: dict[str, Any] = gr.update(value={}, visible=False)
FAILURES = (ValueError, OSError, MemoryError)


def build(shared: Shared) -> None:
    """Put the lens and the contributions into the current tab."""
    tab = LensTab(shared)
    arrive, read = (shared.session.desk.in_turn(handler) for handler in (tab.arrive, tab.read))
    # The run and the token whose lens is shown: ("", "") before the first.
    shown = gr.State(("", ""))
    with gr.Row():
        metric = gr.Radio(
            [(label[0].upper() + label[1:], name) for name, label in METRICS.items()],
            value="probability",
            label="Quantity",
            scale=3,
            elem_id="lens-metric",
        )
        token = gr.Textbox(
            label="Token to follow",
            placeholder="empty: the one that really comes next",
            scale=1,
            min_width=240,
            elem_id="lens-token",
        )
    said = status_line(elem_id="lens-said", visible=False)
    ask = gr.Button("Read the lens", visible=False, elem_id="lens-ask")
    place = gr.Textbox(visible="hidden")
    with gr.Column(visible=False) as body:
        view = lens_view(elem_id="lens")
        with gr.Row(elem_classes="take-away"):
            take_away(shared, "lens", [shown, metric], tab.taken_lens)
        explain(view_named("lens"))
        gr.Markdown("### What wrote the logit at the pinned position")
        logit = status_line(elem_id="lens-logit")
        with gr.Row():
            # Side by side where there is room: two figures in one would not fit a narrow page.
            with gr.Column(min_width=320):
                heads = gr.Plot(show_label=False, container=False, elem_id="lens-heads")
            with gr.Column(min_width=320):
                others = gr.Plot(show_label=False, container=False, elem_id="lens-others")
        with gr.Row(elem_classes="take-away"):
            take_away(shared, "contributions", [shown, place], tab.taken_parts)
        explain(view_named("contributions"))
    for name, control in (("lens_metric", metric), ("lens_token", token), ("lens_cell", place)):
        shared.address.link(name, control)

    inputs, outputs = [shared.run, token, place, shown, metric], [shown, view, said, ask]
    gr.on([shared.run.change, token.submit, token.blur], arrive, inputs, outputs, show_progress="hidden", **MODEL)
    ask.click(read, inputs, outputs, show_progress_on=view, **MODEL)
    metric.change(_coloured, metric, view, **QUICK)
    pinned = view.select(_pinned, None, place, **QUICK)
    pinned.then(None, place, None, js=writing("lens_cell"))
    followed = view.follow(_followed, None, token, **QUICK)
    followed.then(arrive, inputs, outputs, show_progress="hidden", **MODEL)
    followed.then(None, token, None, js=writing("lens_token"))
    shown.change(_revealed, shown, body, show_progress="hidden", api_visibility="private")
    changes = [shown.change, place.change, shared.dark.change]
    drawn = [logit, heads, others]
    gr.on(changes, tab.draw_parts, [shown, place, shared.dark], drawn, show_progress="hidden", api_visibility="private")


class LensTab:
    """What the tab does with its controls; `shown` is the run and the followed token on the screen."""

    def __init__(self, shared: Shared) -> None:
        self._store = shared.session.store
        self._lenses = Lenses(shared.session)

    def arrive(
        self, run: str, token: str, place: str, shown: tuple[str, str], metric: str
    ) -> tuple[Any, Any, Any, Any]:  # fmt: skip
        """Show the lens of a run, unless it is already there or takes so long that the reader is asked first."""
        trace, token = self._store.find(run), token or ""
        if trace is None or tuple(shown) == (run, token):
            return gr.skip(), gr.skip(), QUIET, gr.Button(visible=False)
        if has_lens(trace) and not token:
            return self.read(run, token, place, shown, metric)
        try:
            cost = self._lenses.cost(trace)
        except FAILURES as error:
            return self._refused(run, shown, said_of(error))
        if cost > UNASKED and self._lenses.find(run, token) is None:
            sentence = (
                f"The lens of {len(trace.tokens)} positions and {len(trace.layers) + 1} rows takes about "
                f"{cost / 1e9:.0f} billion multiplications: press “Read the lens” to start."
            )
            return (*self._refused(run, shown, notice(sentence))[:3], gr.Button(visible=True))
        return self.read(run, token, place, shown, metric)

    def read(
        self, run: str, token: str, place: str, shown: tuple[str, str], metric: str, progress: gr.Progress = PROGRESS
    ) -> tuple[Any, Any, Any, Any]:
        """Compute and show the lens; a token that cannot be followed leaves what is shown."""
        trace, token = self._store.find(run), token or ""
        if trace is None:
            return gr.skip(), gr.skip(), QUIET, gr.Button(visible=False)
        try:
            trace = self._lenses.read(run, trace, token, lambda done, of: progress((done, of), unit="layers"))
        except FAILURES as error:
            return self._refused(run, shown, said_of(error))
        wish = dict(zip(("row", "position"), _cell(place), strict=False))
        value = lens_value(f"{run} {token}", trace, SCREEN_TOKENS, bool(token), **wish)
        # With the quantity: a component that is not on the screen forgets what an update does not name.
        return (run, token), gr.HTML(value, metric=metric), QUIET, gr.Button(visible=False)

    def draw_parts(self, shown: tuple[str, str], place: str, dark: bool) -> tuple[Any, Any, Any]:
        """The contributions at the pinned position: the logit in words, the heads, everything else."""
        trace = self._lenses.find(*shown)
        if trace is None:
            return {}, None, None
        frame = contributions.VIEW.table(trace, position=_position(trace, place))
        heads, others = (plot_of(figure, dark) for figure in contributions.figure(frame).figures)
        return {"facts": [{"text": contributions.sentence(frame)}]}, heads, others

    def taken_lens(self, _trace: Trace, shown: tuple[str, str], metric: str) -> Taken:
        """The lens that is shown."""
        view, trace = view_named("lens"), self._held(shown)
        part = {"positions": f"0:{SCREEN_TOKENS}"} if len(trace.tokens) > SCREEN_TOKENS else {}
        return Taken(trace, view, {"metric": metric} | part, shown[1] or None)

    def taken_parts(self, _trace: Trace, shown: tuple[str, str], place: str) -> Taken:
        """The contributions that are shown."""
        view, trace = view_named("contributions"), self._held(shown)
        return Taken(trace, view, {"position": _position(trace, place)}, shown[1] or None)

    def _held(self, shown: tuple[str, str]) -> Trace:
        trace = self._lenses.find(*shown)
        if trace is None:
            raise gr.Error("there is no lens to save: run the text again")
        return trace

    def _refused(self, run: str, shown: tuple[str, str], said: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
        """A sentence above the lens of the same run; the lens of another run does not stay."""
        if shown[0] == run:
            return gr.skip(), gr.skip(), gr.update(value=said, visible=True), gr.Button(visible=False)
        return ("", ""), {}, gr.update(value=said, visible=True), gr.Button(visible=False)


def _revealed(shown: tuple[str, str]) -> gr.Column:
    return gr.Column(visible=bool(shown[0]))


def _coloured(metric: str) -> gr.HTML:
    return gr.HTML(metric=metric)


def _pinned(event: gr.EventData) -> str:
    return f"{event.row}.{event.position}"


def _followed(event: gr.EventData) -> str:
    return event.token


def _cell(place: str) -> tuple[int, ...]:
    """The row and position that "row.position" names; empty where it names none."""
    row, position = map(whole, (place or "").partition(".")[::2])
    return () if row is None or position is None else (row, position)


def _position(trace: Trace, place: str) -> int:
    """The pinned position, as far as the text has it; by default the last one that is shown."""
    last = min(len(trace.tokens), SCREEN_TOKENS) - 1
    return min((*_cell(place), last, last)[1], last)
