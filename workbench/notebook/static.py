"""Figure specifications as static HTML: coloured text, layer x head grids, bars."""

from collections.abc import Mapping, Sequence

import numpy as np

from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import HeadGrid, TokenStrip
from gemma2_workbench.figures.ticks import cell_text, tick_text
from gemma2_workbench.notebook.frame import safe, section

MOST_TOKENS = 300
_LONGEST = 40  # characters of a token
_MOST_NUMBERS, _MOST_TITLES = 120, 400  # cells of a grid that show their number, and that tell it on being pointed at


def strip(spec: TokenStrip, most: int = MOST_TOKENS, notes: Sequence[str] = ()) -> str:
    """The tokens as chips coloured by their values; position and value on being pointed at."""
    shares = np.abs(np.nan_to_num(spec.scale.position(spec.values)))
    shown = range(min(most, len(spec.tokens)))
    chips = (_chip(at, spec.tokens[at], float(spec.values[at]), float(shares[at])) for at in shown)
    rest = f"The first {len(shown)} of {len(spec.tokens)} tokens." if len(shown) < len(spec.tokens) else ""
    return section(spec.title, f'<div class="tokens" dir="ltr">{"".join(chips)}</div>', *notes, rest)


def _chip(at: int, token: str, value: float, share: float) -> str:
    known = np.isfinite(value)
    style = f' style="--v:{share:.2f}"' if known and share >= 0.005 else ""
    return f'<u{style} title="{at}{f": {tick_text(value)}" if known else ""}">{safe(token, _LONGEST)}</u><wbr>'


def grid(spec: HeadGrid) -> str:
    """One cell for each layer (rows) and head (columns); red is more, blue is less than zero."""
    layers, heads = spec.values.shape
    head = "".join(f"<b>{n}</b>" for n in range(heads))
    kinds = layer_kinds(spec.kinds)
    rows = (f"<b>{at}&nbsp;{kinds[kind].letter}</b>{_row(spec, at)}" for at, kind in enumerate(spec.kinds))
    columns = f"grid-template-columns:auto repeat({heads},minmax(.5em,3.2em))"
    cells = f'<div class="grid" dir="ltr" style="{columns}"><b></b>{head}{"".join(rows)}</div>'
    title = f"{_capital(spec.scale.label)}: {_ends(spec.scale)}. Rows: layers (L local, G global); columns: heads."
    return section(title, cells)


def _row(spec: HeadGrid, layer: int) -> str:
    signed = spec.scale.kind == "diverging"
    shares = spec.scale.position(spec.values[layer])
    shares = np.abs(2 * shares - 1) if signed else shares
    cells = []
    for head, (value, share) in enumerate(zip(spec.values[layer], shares, strict=True)):
        if not np.isfinite(value):
            cells.append("<i></i>")
            continue
        less = ' class="less"' if signed and value < 0 else ""
        many = spec.values.size
        title = f' title="layer {layer} head {head}: {tick_text(float(value))}"' if many <= _MOST_TITLES else ""
        number = cell_text(float(value)) if many <= _MOST_NUMBERS else ""
        cells.append(f'<i{less} style="--v:{share:.2f}"{title}>{number}</i>')
    return "".join(cells)


def _ends(scale: Scale) -> str:
    return f"{tick_text(float(f'{scale.low:.3g}'))} to {tick_text(float(f'{scale.high:.3g}'))}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def bars(names: Sequence[str], shares: Mapping[str, Sequence[float]]) -> str:
    """A line for each name, with a bar and a number for each column; numbers lie between 0 and 1."""
    high = max((share for column in shares.values() for share in column), default=0.0) or 1.0
    titled = len(shares) > 1
    head = "<b></b>" + "".join(f'<span class="soft">{safe(name)}</span><span></span>' for name in shares)
    lines = (
        f"<b>{safe(name, _LONGEST)}</b>" + "".join(_bar(column[at], high) for column in shares.values())
        for at, name in enumerate(names)
    )
    columns = f"grid-template-columns:auto repeat({2 * len(shares)},auto)"
    return f'<div class="bars" dir="ltr" style="{columns}">{head if titled else ""}{"".join(lines)}</div>'


def _bar(share: float, high: float) -> str:
    return f'<i style="--v:{share / high:.3f}"></i><span>{share:.4f}</span>'
