"""Samples of every figure specification, from one token to sixty-four, with the tokens that break renderers."""

import base64
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from gemma2_workbench.figures import screen
from gemma2_workbench.figures.spec import (
    Bars,
    Curve,
    Guide,
    HeadGrid,
    Histogram,
    Panels,
    Scale,
    Scatter,
    Series,
    TokenGrid,
    TokenLinks,
    TokenMap,
    TokenStrip,
)

ODD = (
    "<bos>",
    r"$\frac$",
    "$x$ and $y$",
    "日本語",
    "שלום",
    "مرحبا",
    "😀",
    "🚀",
    "<b>bold</b>",
    "&lt;i&gt;",
    "${7*6}",
    "%{z}",
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "▁the",
    "▁the",
    "a\nb\tc\x00",
    "_hidden",
    "\ud800",
    "",
)
PROBABILITY = Scale("sequential", 0, 1, "attention probability", power=0.5)


def tokens(length):
    return tuple(("▁the", "▁cat", "sat", ",")[i % 4] for i in range(length))


def causal_map(names, window=None, pad=0, row_start=0):
    """Softmaxed random scores under a causal (sliding) mask with left padding; NaN where hidden."""
    size = len(names)
    query, key = np.indices((size, size))
    reasons = np.zeros((size, size), np.int8)
    reasons[key < pad] = 3
    if window is not None:
        reasons[query - key >= window] = 2
    reasons[key > query] = 1
    scores = np.where(reasons == 0, np.random.default_rng(size).normal(size=(size, size)), -np.inf)
    weights = np.exp(scores)
    total = weights.sum(1, keepdims=True)
    values = np.where(reasons == 0, weights / np.where(total == 0, 1, total), np.nan)
    return TokenMap(values, reasons, names, names, PROBABILITY, row_start, row_start, title=f"{size} tokens")


def head_grid(layers, heads, group, text=True):
    values = np.random.default_rng(layers).random((layers, heads))
    values[0, 0] = np.nan
    kinds = tuple("global" if i % 2 else "local" for i in range(layers))
    return HeadGrid(values, kinds, group, Scale("sequential", 0, 1, "entropy (bits)"), "Entropy", text)


def token_links(names, heads=1, threshold=0.0):
    maps = np.stack([causal_map(names, 2 * head + 2).values for head in range(heads)])
    return TokenLinks(maps, tuple(f"head {i}" for i in range(heads)), names, names, "p", threshold, title="links")


def token_grid(rows, names):
    values = np.random.default_rng(rows).random((rows, len(names)))
    values[0, 0] = np.nan
    words = tuple(tuple(names[(i + j) % len(names)] for j in range(len(names))) for i in range(rows))
    labels = ("embeddings", *(f"after {i} L" for i in range(rows - 1)))
    return TokenGrid(values, words, labels, names, PROBABILITY, "top token", title="lens")


def softcap_curve():
    x = np.linspace(0, 60, 25)
    lines = tuple(Series(f"_cap {c}", x, c * np.tanh(x / c)) for c in (10, 30, 50))
    return Curve(lines, "raw logit", "capped", "softcap", (Guide("y", 50, "cap $50$"), Guide("x", 20, "largest")))


def softcap_dots(count):
    x = np.linspace(-120, 120, count)
    line = Series("c·tanh(x/c)", x, 50 * np.tanh(x / 50))
    names = tuple(f"L{i}H0" for i in range(count))
    return Scatter(x, line.y, "raw", "capped", names, np.arange(count), line, "dots", (Guide("y", 50, "cap"),))


def build():
    whole = np.where(causal_map(tokens(9), 3, 2).reasons == 0, 0.0, np.nan)
    visible = Scale("categorical", 0, 1, "mask", names=("visible", "never"))
    nothing = np.full((4, 4), np.nan)
    signed = np.random.default_rng(0).normal(size=(5, 7))
    maps = tuple(causal_map(tokens(12), window) for window in (None, 4, 2))
    return {
        "map-1": causal_map(tokens(1)),
        "map-3": causal_map(tokens(3)),
        "map-64": causal_map(tokens(64), window=8, row_start=1000),
        "map-odd": causal_map(ODD),
        "map-nan": TokenMap(nothing, None, tokens(4), tokens(4), PROBABILITY),
        "map-mask": TokenMap(whole, causal_map(tokens(9), 3, 2).reasons, tokens(9), tokens(9), visible),
        "map-signed": TokenMap(signed, None, tokens(5), tokens(7), Scale.of(signed, "Δ logit", "diverging")),
        "links-1": token_links(tokens(1)),
        "links-12": token_links(tokens(12), heads=6, threshold=0.1),
        "links-64": token_links(tokens(64), heads=32),
        "links-odd": token_links(ODD, heads=2),
        "grid-1": head_grid(1, 1, 1),
        "grid-6": head_grid(6, 6, 3),
        "grid-26": head_grid(26, 8, 2),
        "grid-46": head_grid(46, 32, 2),
        "words-1": token_grid(1, tokens(1)),
        "words-7": token_grid(7, tokens(9)),
        "words-27": token_grid(27, tokens(64)),
        "words-odd": token_grid(3, ODD),
        "curve": softcap_curve(),
        "curve-log": Curve((Series("one", np.array([64, 4096]), np.array([0.03, 2.5])),), "x", "y", logarithmic=True),
        "curve-1": Curve((Series("one", np.array([1]), np.array([2])),), "x", "y"),
        "scatter-1": Scatter(np.array([0.0]), np.array([np.nan]), "x", "y"),
        "scatter-9": softcap_dots(9),
        "scatter-2000": softcap_dots(2000),
        "scatter-groups": Scatter(
            *np.random.default_rng(0).random((2, 20)),
            "x",
            "y",
            labels=tokens(20),
            groups=("local", "global") * 10,
            named=(3, 7),
        ),
        "histogram": Histogram(
            np.linspace(0, 1, 9), np.arange(8.0), "share", "of queries", guides=(Guide("x", 0.3, ""),)
        ),
        "histogram-log": Histogram(np.array([0.5, 1, 2, 4]), np.ones(3), "d", "n", "odd <b> $", logarithmic=True),
        "bars-1": Bars(("_",), np.array([0.0]), "share"),
        "bars-intervals": Bars(
            ("a", "b"), np.array([0.2, -1]), "n", low=np.array([-1, np.nan]), high=np.array([0.4, np.nan])
        ),
        "bars-odd": Bars(ODD, np.linspace(-1, 1, len(ODD)), "share of $p$", "keys"),
        "strip-1": TokenStrip(("▁the",), np.array([np.nan]), PROBABILITY),
        "strip-odd": TokenStrip(ODD, np.linspace(0, 1, len(ODD)), PROBABILITY, "saliency", mark=2),
        "strip-64": TokenStrip(tokens(64), np.linspace(0, 2, 64), PROBABILITY),
        "panels-maps": Panels(maps, 2, "three windows"),
        "panels-mixed": Panels((maps[0], head_grid(6, 4, 2), softcap_curve(), softcap_dots(5)), 3, "mixed <b>"),
        "panels-links": Panels((token_links(ODD, 2), token_links(tokens(5)), maps[0]), 2, "several"),
        "panels-27": Panels(tuple(causal_map(tokens(2)) for _ in range(27)), 9),
    }


SAMPLES = build()


@pytest.fixture(params=SAMPLES)
def sample(request):
    """One specification after the other."""
    return SAMPLES[request.param]


@pytest.fixture
def samples():
    """All specifications by name."""
    return SAMPLES


@pytest.fixture
def alone():
    """`alone(code)` -> what the code prints in a new process."""

    def run(code):
        environment = {**os.environ, "PYTHONHASHSEED": "7"}
        command = [sys.executable, "-c", f"import sys\n{code}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()

    return run


def decoded(value) -> Any:
    """What plotly writes, with its typed arrays read back."""
    if isinstance(value, dict) and "bdata" in value:
        flat = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return flat.reshape([int(size) for size in value.get("shape", str(flat.size)).split(",")])
    if isinstance(value, dict):
        return {key: decoded(item) for key, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def on_screen():
    """`on_screen(spec, dark=False)` -> traces and layout as a browser gets them."""

    def draw(spec, dark=False):
        figure = decoded(json.loads(str(screen.render(spec, dark).to_json())))
        return figure["data"], figure["layout"]

    return draw
