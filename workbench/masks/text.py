"""Masks as text for a terminal: tokens with BOS and pads, each kind of layer, every pass through a cache.

Plain ASCII marks, one column per key, so that sixty keys fit beside their tokens; what does not fit is said.
"""

import unicodedata
from collections.abc import Sequence

from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.reach import reach
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.words import heading, summary
from gemma2_workbench.model.reason import Reason

MARKS = {
    Reason.VISIBLE: "#",
    Reason.FUTURE: ".",
    Reason.OUTSIDE_WINDOW: "\\",
    Reason.PADDING: "x",
    Reason.OTHER_SEQUENCE: "o",
    Reason.OUTSIDE_CHUNK: "/",
    Reason.NO_SOFTMAX: "-",
}
LEGEND = "# visible   . future   \\ outside window   x padding"
LABEL_CELLS = 14


def masks_text(setting: Setting, names: Sequence[str] | None = None, layer: int | None = None, width: int = 100) -> str:
    """Everything about a situation: masks of all passes, reach, and what the caches hold.

    Args:
        setting: the situation.
        names: display strings of the tokens, without pads; None prints positions only.
        layer: only this layer; None prints one of each kind.
        width: columns of the terminal.

    Raises:
        ValueError: there is no such layer, or not one name per token.
    """
    labels = setting.labels(names)
    shown = [layer] if layer is not None else [setting.layers.index(kind) for kind in dict.fromkeys(setting.layers)]
    masks = {index: layer_masks(setting, index) for index in shown}
    parts = [f"{heading(setting)}\n{LEGEND}"]
    for index, calls in masks.items():
        parts.append(_layer_heading(setting, index))
        parts += [_mask_text(mask, labels, width) for mask in calls]
    parts.append(_reach_text(setting, width))
    if setting.cached:
        parts.append(_cache_text(masks, width))
    return "\n\n".join(parts)


def _layer_heading(setting: Setting, layer: int) -> str:
    kind = setting.layers[layer]
    same = [str(index) for index, other in enumerate(setting.layers) if other == kind]
    window = f"sliding window {setting.window}{'' if setting.causal else ' to each side'}"
    about = window if kind == "local" else "full attention"
    return f"== {kind.upper()} layers {' '.join(same)}: {about}"


def _mask_text(mask: LayerMask, labels: Sequence[str], width: int) -> str:
    """One pass: a line per query with its token, its marks and how many keys it sees."""
    rows, keys = mask.call.rows, mask.keys
    room = max(8, width - LABEL_CELLS - 16)
    shown = keys[:room]
    indent = " " * (LABEL_CELLS + 7)
    lines = [f"{mask.call.label}: keys {keys.start}-{keys.stop - 1}", f"{indent}{_ruler(shown)}"]
    for at, query in enumerate(rows):
        marks = "".join(MARKS[Reason(code)] for code in mask.reasons[at, : len(shown)].tolist())
        lines.append(f" {query:>4} {_fitted(labels[query], LABEL_CELLS)} {marks} {int(mask.visible[at]):>5}")
    if len(shown) < len(keys):
        lines.append(f"  ... {len(keys) - room} more keys; a wider terminal or --width shows them")
    return "\n".join(lines if len(rows) == 1 else [*lines, f"  {summary(mask)}"])


def _ruler(keys: range) -> str:
    """The position of every tenth key, above its column, and `sees` above the counts."""
    line = [" "] * len(keys)
    for at, key in enumerate(keys):
        number = str(key)
        if (key % 10 == 0 or at == 0) and at + len(number) <= len(keys) and line[max(0, at - 1)] == " ":
            line[at : at + len(number)] = number
    return "".join(line) + "  sees"


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


def _fitted(text: str, cells: int) -> str:
    """`text` cut or padded to so many terminal cells; wide characters take two, marks on top of others none."""
    kept, used = "", 0
    for character in text:
        size = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + size > cells:
            break
        kept, used = kept + character, used + size
    return kept + " " * (cells - used)
