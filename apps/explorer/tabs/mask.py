"""The mask lab: who may see whom, for any length, window, padding and pass through a cache."""

from typing import Any, TypeAlias

import gradio as gr

from gemma2_workbench import view_named
from gemma2_workbench.apps.explorer.components.mask.component import mask_problem, mask_value, mask_view
from gemma2_workbench.apps.explorer.components.mask.lessons import BOTH_SIDES, EARLIER, LESSONS
from gemma2_workbench.apps.explorer.tabs.window import build_window_change
from gemma2_workbench.apps.page.download import save_row
from gemma2_workbench.apps.page.shared import Shared, explain
from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.origin import Given, Origin
from gemma2_workbench.masks.reach import reach
from gemma2_workbench.masks.setting import CACHES, SIDES, Setting
from gemma2_workbench.records.mask_recipe import MaskRecipe

# More cells than these are no lesson any more; the command line prints any length.
MOST_TOKENS, MOST_PADS = 96, 16
Masks: TypeAlias = tuple[LayerMask, ...]
Names: TypeAlias = tuple[str, ...] | None
CONTROLS = (
    "source", "tokens", "window", "layer", "sees", "padding", "side", "cache", "decode", "chunk", "spare", "step",
)  # fmt: skip
# Controls whose range, value or use follows from the others.
FITTED = ("tokens", "layer", "cache", "decode", "chunk", "spare", "step")
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
HELP = """
How far information reaches: in each layer a query takes from the keys it sees, and those have taken from others in the
layers below. R is the set of keys that have reached a position: R' = R ∪ (R of every visible key). It is composed from
the masks themselves, layer after layer.

Caches are transformers' own, filled with positions in place of keys and then read: a growing (dynamic) cache keeps
window − 1 keys in a local layer and all in a global one; a static cache has all its slots from the start.
"""
# A slider that is dragged asks more often than can be answered: its last place counts.
LATEST: dict[str, Any] = QUICK | {"trigger_mode": "always_last"}


def build(shared: Shared) -> None:
    """Put the mask lab into the current tab."""
    lab, first = Lab(shared), next(iter(LESSONS))
    lesson = gr.Radio(list(LESSONS), value=first, label="Start from", elem_id="mask-lesson")
    told = gr.Markdown(LESSONS[first].sentence, elem_id="mask-told")
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            controls = _controls()
        with gr.Column(scale=4, min_width=320):
            # Masks need no model: the first picture is there before any text was run.
            masks, at, names = lab.chosen("", *(control.value for control in controls.values()))
            view = mask_view(lab.picture("", masks, at, names), elem_id="mask-view")
            with gr.Row(elem_classes="take-away"):
                save_row("mask", [shared.run, *controls.values()], lab.situation)
    build_window_change(shared, controls["window"], controls["layer"])
    explain(view_named("mask"), HELP)
    for name, control in controls.items():
        shared.address.link(f"mask_{name}", control)

    every = list(controls.values())
    inputs, outputs = [shared.run, *every], [view, *(controls[name] for name in FITTED)]
    gr.on([shared.run.change, *(control.input for control in every)], lab.draw, inputs, outputs, **LATEST)
    # A changed situation is no longer that of the lesson, which can then be chosen again.
    gr.on([control.input for control in every], None, None, lesson, js="() => null", api_visibility="private")
    chosen = lesson.input(lab.lesson, [shared.run, lesson], [told, view, *every], **LATEST)
    chosen.then(None, every, None, js=_writing(list(controls)), **QUICK)


class Lab:
    """What the tab does with the values of its controls, which come in the order of CONTROLS."""

    def __init__(self, shared: Shared):
        self.session = shared.session

    def draw(self, run: str, *values: Any) -> list[Any]:
        """The picture, and the controls FITTED to it."""
        try:
            masks, at, names = self.chosen(run, *values)
        except ValueError as error:
            return [mask_problem(str(error)), *[gr.skip()] * len(FITTED)]
        fitted = _fitted(masks, at, names, dict(zip(CONTROLS, values, strict=True)))
        return [self.picture(run, masks, at, names), *(gr.update(**fitted[name]) for name in FITTED)]

    def lesson(self, run: str, name: str) -> list[Any]:
        """The sentence of a lesson, its picture, and every control as it is then."""
        lesson = LESSONS[name]
        values: dict[str, Any] = {"source": "positions"} | {each: getattr(lesson, each) for each in CONTROLS[1:]}
        masks, at, names = self.chosen(run, *values.values())
        fitted = _fitted(masks, at, names, values)
        sliders = {each: gr.update(**{"value": values[each]} | fitted[each]) for each in FITTED}
        return [lesson.sentence, self.picture(run, masks, at, names), *(values | sliders).values()]

    def situation(self, run: str, *values: Any) -> MaskRecipe:
        """The mask that is shown, with the model and the text it is of, as files carry it.

        Raises:
            ValueError: a situation that cannot be.
        """
        masks, at, names = self.chosen(run, *values)
        trace = self.session.store.find(run)
        origin = None if trace is None else Origin.of_run(trace)
        given = None if trace is None or names is None else Given.of(trace.tokens, len(names))
        return MaskRecipe.of(masks[at].setting, origin, given, layer=masks[at].layer, step=at)

    def picture(self, run: str, masks: Masks, at: int, names: Names) -> dict[str, Any]:
        """The value of the component that shows pass number `at`."""
        setting = masks[0].setting
        kinds = [setting.layers.index(kind) for kind in dict.fromkeys(setting.layers)]
        caches = [layer_masks(setting, layer) for layer in kinds]
        shown = mask_value(masks, at, caches, reach(setting), names)
        return shown | {"remarks": self._remarks(run, setting, names)}

    def chosen(self, run: str, *values: Any) -> tuple[Masks, int, Names]:
        """The masks of the layer in all passes, which pass is shown, and the names of the tokens.

        Raises:
            ValueError: a situation that cannot be.
        """
        source, tokens, window, layer, sees, padding, side, cache, decode, chunk, spare, step = values
        trace = self.session.store.find(run)
        names = trace.tokens.display[:MOST_TOKENS] if source == "the text" and trace is not None else None
        layers = tuple(info.kind for info in trace.layers) if trace is not None else ("local", "global") * 3
        count = int(tokens) if names is None else len(names)
        situation: dict[str, Any] = {"causal": False}
        if sees == EARLIER:
            slots = count + int(padding) + int(spare) if cache == "static" else None
            parts = {"decode": min(int(decode), count - 1), "chunk": int(chunk) or None}
            situation = {"cache": cache, "slots": slots, **parts}
        setting = Setting(count, int(window), layers, padding=int(padding), side=side, **situation)
        masks = layer_masks(setting, min(int(layer), len(layers) - 1))
        return masks, range(len(masks))[max(-1, min(int(step), len(masks) - 1))], names

    def _remarks(self, run: str, setting: Setting, names: Names) -> list[dict[str, str]]:
        """What differs from the run that is shown: another window, a part of its text."""
        trace = self.session.store.find(run)
        if trace is None:
            return []
        changes = Origin.of_run(trace).changes(setting)
        remarks = [{"text": "modified model", "hint": "; ".join(changes), "kind": "warn"}] if changes else []
        if names is not None and len(names) < len(trace.tokens):
            remarks.append({"text": "", "hint": f"the first {len(names)} of {len(trace.tokens)} tokens"})
        return remarks


def _controls() -> dict[str, Any]:
    """The controls, by the names in CONTROLS."""

    def slider(low: int, high: int, value: int, label: str, **about: Any) -> gr.Slider:
        return gr.Slider(low, high, value=value, step=1, label=label, **about)

    made = (
        gr.Radio(["positions", "the text"], value="positions", label="Tokens of"),
        slider(1, MOST_TOKENS, 12, "How many positions", elem_id="mask-tokens"),
        slider(1, MOST_TOKENS + MOST_PADS, 4, "Window of the local layers", elem_id="mask-window"),
        slider(0, 5, 0, "Layer", elem_id="mask-layer"),
        gr.Radio([EARLIER, BOTH_SIDES], value=EARLIER, label="A query sees", elem_id="mask-sees"),
        slider(0, MOST_PADS, 0, "Padding", elem_id="mask-padding"),
        gr.Radio(list(SIDES), value="left", label="Padding on the"),
        gr.Radio(list(CACHES), value="dynamic", label="Key/value cache", elem_id="mask-cache"),
        slider(0, 16, 0, "Tokens decoded one by one", elem_id="mask-decode"),
        slider(0, 32, 0, "Prompt in parts of (0: whole)", elem_id="mask-chunk"),
        slider(0, 16, 4, "Spare slots of a static cache", visible=False),
        slider(0, 1, 0, "Pass", interactive=False, elem_id="mask-step"),
    )
    return dict(zip(CONTROLS, made, strict=True))


def _fitted(masks: Masks, at: int, names: Names, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What changes about the FITTED sliders. A value only where it has to: another may be on its way from a hand."""
    setting, layer = masks[0].setting, masks[0].layer
    passes, layers = len(masks), len(setting.layers)
    return {
        "tokens": {"interactive": names is None},
        "layer": {"maximum": max(layers - 1, 1), "interactive": layers > 1}
        | ({} if layer == values["layer"] else {"value": layer}),
        # Where queries see later tokens, the text cannot be fed in parts.
        **{name: {"interactive": setting.causal} for name in ("cache", "decode", "chunk")},
        "spare": {"visible": setting.cache == "static"},
        "step": {"maximum": max(passes - 1, 1), "interactive": passes > 1}
        | ({} if at == values["step"] else {"value": at}),
    }


def _writing(names: list[str]) -> str:
    """Script that writes all controls into the address, as each does by itself when it is moved."""
    return (
        f"(...values) => {{ const url = new URL(location.href); {names}.forEach((name, at) => "
        "url.searchParams.set('mask_' + name, values[at])); history.replaceState(null, '', url); return []; }"
    )
