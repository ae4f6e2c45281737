"""The frame of all pages in notebooks: one style, and text made safe, also from what would set `$x$` as a formula.

The page inherits text and background of the notebook; every colour is a mix with what is below it, so that dark and
light notebooks both stay readable.
"""

from html import escape

from gemma2_workbench.figures.colours import SERIES
from gemma2_workbench.figures.text import one_line

MORE, LESS = SERIES[1], SERIES[0]  # vermilion and blue, as the ends of the diverging scale

_STYLE = f"""
.g2w{{font:13px/1.5 system-ui,sans-serif;max-width:60rem;color:inherit;background:none}}
.g2w *{{box-sizing:border-box}}
.g2w p{{margin:.15em 0}}
.g2w .name{{font-size:1.1em;font-weight:600}}
.g2w .soft{{opacity:.72}}
.g2w .flag{{border:1px solid {MORE};border-radius:4px;padding:0 .4em;
background:color-mix(in srgb,{MORE} 18%,transparent)}}
.g2w section{{margin:.7em 0 0}}
.g2w .tokens,.g2w .text{{line-height:1.95;overflow-wrap:anywhere}}
.g2w .text{{white-space:pre-wrap}}
.g2w u{{text-decoration:none;unicode-bidi:isolate;border-radius:3px;padding:.1em .18em;margin:0 1px;
white-space:pre-wrap;-webkit-box-decoration-break:clone;box-decoration-break:clone;
background:color-mix(in srgb,{MORE} calc(4% + var(--v,0)*62%),transparent)}}
.g2w mark{{color:inherit;border-radius:4px;padding:.1em .25em;unicode-bidi:isolate;
background:color-mix(in srgb,var(--c) 28%,transparent);border-bottom:2px solid var(--c)}}
.g2w mark small{{font-weight:600;margin-inline-start:.4em;unicode-bidi:isolate;white-space:nowrap}}
.g2w .grid{{display:grid;gap:2px;width:max-content;max-width:100%;font-size:11px;text-align:center}}
.g2w .grid b{{font-weight:400;opacity:.72;padding:0 .3em;align-self:center;line-height:1.1}}
.g2w .grid i{{font-style:normal;border-radius:2px;min-height:.8em;
background:color-mix(in srgb,currentColor 5%,transparent)}}
.g2w .grid i[style]{{background:color-mix(in srgb,{MORE} calc(3% + var(--v)*65%),transparent)}}
.g2w .grid i.less{{background:color-mix(in srgb,{LESS} calc(3% + var(--v)*65%),transparent)}}
.g2w .bars{{display:grid;gap:2px .7em;align-items:center;width:max-content;max-width:100%}}
.g2w .bars i{{display:block;height:.75em;border-radius:2px;min-width:1px;width:calc(var(--v)*9em);background:{LESS}}}
.g2w .bars b{{font-weight:400;unicode-bidi:isolate;overflow-wrap:anywhere;white-space:pre-wrap}}
.g2w .bars span{{font-variant-numeric:tabular-nums}}
"""


def frame(name: str, facts: list[str], *blocks: str) -> str:
    """A page: its name and facts in a line, then its blocks, which are HTML already.

    Args:
        name: plain text.
        facts: plain text, each a short phrase.
        blocks: HTML; empty ones are left out.
    """
    line = " · ".join(map(safe, facts))
    head = f'<p><span class="name">{safe(name)}</span> <span class="soft">{line}</span></p>'
    return (
        f'<div class="g2w tex2jax_ignore mathjax_ignore"><style>{_STYLE.strip()}</style>{head}{"".join(blocks)}</div>'
    )


def safe(text: str, longest: int = 0) -> str:
    """Text of any origin as HTML that shows it, in one line; a longer one than `longest` > 0 ends in an ellipsis."""
    return escape(one_line(text, longest))


def sentence(text: str, flag: bool = False) -> str:
    """A sentence in a line of its own; a `flag` is what nobody must overlook."""
    return f'<p><span class="{"flag" if flag else "soft"}">{safe(text)}</span></p>' if text else ""


def section(caption: str, body: str, *notes: str) -> str:
    """Something to look at, with what it shows above it and notes below."""
    return f"<section>{sentence(caption)}{body}{''.join(map(sentence, notes))}</section>"
