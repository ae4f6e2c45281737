"""OpenType fonts as TrueType ones, for PDF files.

Fonts with cubic outlines (most of those for Chinese, Japanese and Korean) cannot be embedded as Type 42: matplotlib
puts them into a TrueType font object, which viewers and camera-ready checks complain about. So the few characters that
a figure needs are rewritten with quadratic outlines, within a thousandth of an em, as a small TrueType font.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from matplotlib.font_manager import FontProperties, findfont, fontManager

from gemma2_workbench import scratch

_DROPPED = ("CFF ", "CFF2", "VORG", "GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx")


@lru_cache(maxsize=64)
def embeddable(family: str, characters: frozenset[int]) -> str:
    """A family with TrueType outlines that has these characters of an installed family: itself, or a small copy.

    Copies keep widths and PostScript name, so that only the outlines differ, by less than can be printed.
    """
    path = findfont(FontProperties(family=family), fallback_to_default=False)
    with TTFont(path, fontNumber=getattr(path, "face_index", 0), lazy=True, recalcTimestamp=False) as opened:
        font: Any = opened  # its tables have their fields only once they are read
        if "glyf" in font:
            return family
        options = Options(layout_features=[], hinting=False, name_IDs=[1, 2, 4, 6], notdef_outline=True)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=characters & frozenset(font.getBestCmap()))
        subsetter.subset(font)
        _quadratic(font)
        mark = hashlib.sha256(repr((family, sorted(characters))).encode()).hexdigest()[:12]
        copy = f"{family} {mark}"
        for record in font["name"].names:
            if record.nameID == 1:
                record.string = copy
        file = _folder() / f"{mark}.ttf"
        font.save(file)
    fontManager.addfont(file)
    return copy


@cache
def _folder() -> Path:
    """The fonts of this process."""
    return scratch.folder("fonts")


def _quadratic(font: Any) -> None:
    """Replace cubic outlines by quadratic ones, in place."""
    glyphs = font.getGlyphSet()
    outlines = {}
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm / 1000, reverse_direction=True))
        outlines[name] = pen.glyph()
    for table in _DROPPED:
        if table in font:
            del font[table]
    font["loca"] = newTable("loca")
    glyf: Any = newTable("glyf")
    font["glyf"] = glyf
    glyf.glyphOrder, glyf.glyphs = font.getGlyphOrder(), outlines
    font["head"].glyphDataFormat = 0
    most = font["maxp"]
    most.tableVersion = 0x00010000
    fields = "maxZones maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs maxStackElements"
    for field in (*fields.split(), "maxSizeOfInstructions", "maxComponentElements"):
        setattr(most, field, 1 if field == "maxZones" else 0)
    for name, (advance, _) in font["hmtx"].metrics.items():
        outlines[name].recalcBounds(glyf)
        font["hmtx"][name] = (advance, getattr(outlines[name], "xMin", 0))
    font["post"].formatType = 3.0
    font.sfntVersion = "\000\001\000\000"
