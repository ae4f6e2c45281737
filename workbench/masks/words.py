"""Masks in words: why a query sees a key or not, and what a row of a mask amounts to."""

from gemma2_workbench.masks.layers import LayerMask
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.model.reason import Reason


def heading(setting: Setting) -> str:
    """The situation in a line, for example `12 tokens + 2 pads (left), window 4, dynamic cache, 1 pass`."""
    pads = f" + {_tokens(setting.padding, 'pad')} ({setting.side})" if setting.padding else ""
    cache = f"{setting.cache} cache" if setting.cached else "no cache"
    passes = _tokens(len(setting.passes), "pass", "passes")
    window = f", window {setting.window}" if "local" in setting.layers else ""
    chunks = "" if setting.attention_chunk is None else f", chunks of {setting.attention_chunk}"
    packed = "" if setting.packed is None else f", a second text from position {setting.packed}"
    prefix = "" if setting.prefix is None else f", a prefix of {setting.prefix}"
    return f"{_tokens(setting.tokens)}{pads}{window}{chunks}{packed}{prefix}, {cache}, {passes}"


def rule_words(setting: Setting, layer: int) -> str:
    """The rule of a layer, for example `sliding window 4` or `its own chunk of 8 tokens`."""
    kind, sides = setting.layers[layer], "" if setting.causal else " to each side"
    prefix = (
        "" if setting.prefix is None or kind == "linear" else f"; the {setting.prefix} of the prefix see one another"
    )
    own = {
        "local": f"sliding window {setting.window}{sides}",
        "chunked": f"its own chunk of {setting.attention_chunk} tokens",
        "linear": "no softmax, and so no mask: a recurrence or a convolution mixes its tokens",
    }.get(kind, "full attention")
    return own + prefix


def because(mask: LayerMask, query: int, key: int) -> str:
    """Why `query` sees `key` or does not, for example `it is 6 tokens back, the window is 4`.

    Both are absolute positions within the pass; IndexError otherwise.
    """
    back, window = query - key, mask.window
    reason = Reason(int(mask.reasons[mask.call.rows.index(query), mask.keys.index(key)]))
    if reason is Reason.PADDING:
        return "it is padding"
    if reason is Reason.FUTURE and key >= mask.call.rows.stop:
        return "this slot of the static cache is not written yet"
    if reason is Reason.FUTURE:
        return f"it comes {_tokens(-back)} later"
    if reason is Reason.NO_SOFTMAX:
        return "this layer has no softmax"
    if reason is Reason.OTHER_SEQUENCE:
        return "it belongs to the other text of the row"
    if reason is Reason.OUTSIDE_CHUNK:
        return f"it lies in {_chunk_of(mask, key)}, the query in {_chunk_of(mask, query)}"
    if back and query in mask.setting.prefix_positions and key in mask.setting.prefix_positions:
        return f"it is {_tokens(abs(back))} {'back' if back > 0 else 'ahead'}, and both are in the prefix"
    sides = "" if mask.setting.causal else " to each side"
    limit = "" if window is None else f", the window is {window}{sides}"
    if back == 0:
        return f"it is the query itself{limit}"
    return f"it is {_tokens(abs(back))} {'back' if back > 0 else 'ahead'}{limit}"


def _chunk_of(mask: LayerMask, position: int) -> str:
    """The chunk of a position, for example `chunk 1 (8-15)`; padding before a text does not count."""
    size, pads = mask.setting.attention_chunk or 1, mask.setting.pads
    first = len(pads) if pads.start == 0 else 0
    number = (position - first) // size
    return f"chunk {number} ({first + number * size}-{first + (number + 1) * size - 1})"


def explain(mask: LayerMask, query: int, key: int) -> str:
    """One cell in one sentence, for example `query 9 cannot see key 3: it is 6 tokens back, the window is 4`."""
    visible = mask.reasons[mask.call.rows.index(query), mask.keys.index(key)] == Reason.VISIBLE
    return f"query {query} {'sees' if visible else 'cannot see'} key {key}: {because(mask, query, key)}"


def summary(mask: LayerMask) -> str:
    """What the layer does in this pass, in one or two sentences."""
    setting, visible = mask.setting, mask.visible.tolist()
    if mask.kind == "linear":
        return f"Layer {mask.layer} (linear): {rule_words(setting, mask.layer)}."
    sides = "" if setting.causal else " to each side"
    kind = {
        "local": f"local, window {mask.window}{sides}",
        "chunked": f"chunked, {setting.attention_chunk} tokens",
    }.get(mask.kind, mask.kind)
    queries = f"{_tokens(len(visible), 'query', 'queries')} over {_tokens(len(mask.keys), 'key')}"
    least, most = min(visible), max(visible)
    seen = f"each sees {_tokens(most, 'key')}" if least == most else f"each sees {least} to {_tokens(most, 'key')}"
    parts = [f"Layer {mask.layer} ({kind}): {queries}, {seen}."]
    if mask.window is not None and mask.window >= setting.length:
        parts.append(
            f"The window is as long as the {_tokens(setting.length)}: this layer sees as much as a global one."
        )
    if blind := visible.count(0):
        parts.append(
            f"{_tokens(blind, 'query', 'queries')} (padding) see nothing: what attention gives them means nothing."
        )
    return " ".join(parts)


def _tokens(count: int, one: str = "token", many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
