"""Masks as text for a terminal: tokens with BOS and pads, each kind of layer, every pass through a cache."""

from collections.abc import Sequence

from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.marks import Page, legend, map_text
from gemma2_workbench.masks.reach import reach
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.words import heading, rule_words
from gemma2_workbench.model.reason import Reason


def masks_text(
    setting: Setting,
    names: Sequence[str] | None = None,
    layer: int | None = None,
    width: int = 100,
    colours: bool = False,
) -> str:
    """Everything about a situation: masks of all passes, reach, and what the caches hold.

    Args:
        setting: the situation.
        names: display strings of the tokens, without pads; None prints positions only.
        layer: only this layer; None prints one of each kind.
        width: columns of the terminal.
        colours: whether it shows colours.

    Raises:
        ValueError: there is no such layer, or not one name per token.
    """
    maps, masks = _maps(setting, names, layer, Page(width, colours=colours))
    parts = [*maps, _reach_text(setting, width)]
    if setting.cached:
        parts.append(_cache_text(masks, width))
    return "\n\n".join(parts)


def maps_text(setting: Setting, names: Sequence[str] | None, layer: int | None, page: Page) -> str:
    """The masks alone, on a page; arguments and errors as of `masks_text`."""
    return "\n\n".join(_maps(setting, names, layer, page)[0])


def _maps(
    setting: Setting, names: Sequence[str] | None, layer: int | None, page: Page
) -> tuple[list[str], dict[int, tuple[LayerMask, ...]]]:
    """The maps of all passes as text, and the masks by their layer."""
    labels = setting.labels(names)
    shown = [layer] if layer is not None else [setting.layers.index(kind) for kind in dict.fromkeys(setting.layers)]
    masks = {index: layer_masks(setting, index) for index in shown}
    reasons = {Reason(code) for calls in masks.values() for mask in calls for code in mask.reasons.unique().tolist()}
    parts = [f"{heading(setting)}\n{legend(page, reasons)}"]
    for index, calls in masks.items():
        parts += [_layer_heading(setting, index), *(map_text(mask, labels, page) for mask in calls)]
    return parts, masks


def _layer_heading(setting: Setting, layer: int) -> str:
    kind = setting.layers[layer]
    same = [str(index) for index, other in enumerate(setting.layers) if other == kind]
    return f"== {kind.upper()} layers {' '.join(same)}: {rule_words(setting, layer)}"


def _reach_text(setting: Setting, width: int) -> str:
    """The keys that can influence the last token after each layer."""
    query, known = setting.length - 1, reach(setting)
    counts = known.counts(query)
    lines = [f"== REACH of query {query}: keys that can influence it after each layer"]
    shown = len(counts) if len(set(counts)) == len(counts) else counts.index(counts[-1]) + 2
    for passed in range(min(shown, len(counts))):
        where = "before any layer" if passed == 0 else f"after layer {passed - 1} {setting.layers[passed - 1]}"
        lines.append(f"  {where:<24}{counts[passed]:>5}  {_spans(known.keys(query, passed))}"[:width])
    if shown < len(counts):
        lines.append("  and no more after that")
    return "\n".join(lines)


def _cache_text(masks: dict[int, tuple[LayerMask, ...]], width: int) -> str:
    """The positions that the caches hold after each pass; empty slots of static ones are counted."""
    lines = ["== CACHE after each pass: positions held (and empty slots)"]
    for calls in masks.values():
        mask = calls[0]
        if mask.kind == "linear":
            continue
        lines.append(f"  {mask.setting.layers[mask.layer]} layer {mask.layer}")
        for mask in calls:
            held = [at for at in mask.holds if at is not None]
            empty = len(mask.holds) - len(held)
            free = f" + {empty} empty" if empty else ""
            lines.append(f"    {mask.call.label:<16}{_spans(held) or 'nothing'}{free}"[:width])
    return "\n".join(lines)


def _spans(positions: Sequence[int]) -> str:
    """Positions as ranges, for example `0-3 8`."""
    starts = [at for at in positions if at - 1 not in positions]
    stops = [at for at in positions if at + 1 not in positions]
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, stops, strict=True))
