"""What can be said about the attention component without a browser."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from gemma2_workbench.apps.explorer.components.attention import attention_move, attention_value, attention_view
from gemma2_workbench.apps.explorer.components.attention.component import HERE, SCRIPTS
from gemma2_workbench.apps.explorer.components.attention.settings import browser_settings
from gemma2_workbench.apps.page.draw.sources import DRAW, SHARED, source
from gemma2_workbench.figures import colours
from gemma2_workbench.model import Reason

ALL = [*((DRAW, name) for name in SHARED), *((HERE, name) for name in SCRIPTS)]


@pytest.mark.parametrize("name", ["view.html", "view.css"])
def test_templates_hold_nothing_that_gradio_would_evaluate(name: str):
    assert not [sign for sign in ("${", "{{", "`", "\\") if sign in source(HERE, name)]


def test_every_script_is_part_of_the_component():
    assert sorted(SCRIPTS) == sorted(path.name for path in HERE.iterdir() if path.name.endswith(".js"))
    assert sorted(SHARED) == sorted(path.name for path in DRAW.iterdir() if path.name.endswith(".js"))


def test_no_script_writes_html():
    for component, name in ALL:
        text = source(component, name)
        assert not [way for way in ("innerHTML", "outerHTML", "insertAdjacentHTML") if way in text], name


@pytest.fixture(scope="module")
def node() -> str:
    return shutil.which("node") or pytest.skip("checking the scripts needs node, which is not installed")


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_script_is_valid_by_itself(node: str, folder: Path, name: str):
    checked = subprocess.run([node, "--check", folder / name], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def run_script(node: str, names: tuple[str, ...], tail: str, *arguments: str) -> object:
    """What `tail` prints as JSON after the named scripts have been read."""
    places = {name: component for component, name in ALL}
    code = "\n".join([*(source(places[name], name) for name in names), tail])
    done = subprocess.run([node, "-e", code, "--", *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_scripts_are_valid_together(node: str):
    joined = attention_view(render=False).js_on_load
    assert joined is not None
    tail = "console.log(JSON.stringify(typeof Function('element', 'trigger', 'props', 'watch', process.argv[1])))"
    assert run_script(node, (), tail, joined) == "function"


def test_numbers_are_the_shortest_that_mean_the_same_float32(node: str):
    rng = np.random.default_rng(0)
    values = np.concatenate(
        [
            rng.random(500).astype(np.float32),
            (rng.standard_normal(500) * 10.0 ** rng.integers(-12, 9, 500)).astype(np.float32),
            np.array([0, 1, 0.1, 100, 16777216, 1e-10, -50], np.float32),
        ]
    )
    tail = "console.log(JSON.stringify(JSON.parse(process.argv[1]).map((v) => exactNumber(Math.fround(v)))))"
    texts = run_script(node, ("words.js",), tail, json.dumps([float(value) for value in values]))
    assert isinstance(texts, list)
    assert np.array(texts, dtype=np.float32).tolist() == values.tolist()
    digits = [len(text.split("e")[0].replace("-", "").replace(".", "").strip("0")) for text in texts]
    shortest = [len(str(value).split("e")[0].replace("-", "").replace(".", "").strip("0")) for value in values]
    assert digits == shortest


def test_library_forgets_the_oldest_and_shares_requests(node: str):
    tail = """
    const asked = [];
    globalThis.fetch = async (address) => {
      asked.push(address);
      return { ok: true, headers: new Map(), arrayBuffer: async () => new ArrayBuffer(40) };
    };
    const decode = (buffer) => ({ bytes: buffer.byteLength });
    const library = createLibrary(100);
    (async () => {
      await Promise.all([library.load('a', decode), library.load('a', decode)]);
      await library.load('b', decode);
      library.recall('a');
      await library.load('c', decode);
      const held = ['a', 'b', 'c'].filter((name) => library.recall(name));
      const called = new AbortController();
      const first = library.load('d', decode, called.signal);
      called.abort();
      const second = library.load('d', decode);
      await first;
      console.log(JSON.stringify({ asked, held, again: (await second).bytes }));
    })();
    """
    told = run_script(node, ("data.js",), tail)
    assert told == {"asked": ["a", "b", "c", "d", "d"], "held": ["a", "c"], "again": 40}


def test_views_stay_inside_the_text_and_zoom_keeps_its_point(node: str):
    tail = """
    const told = [];
    for (const tokens of [1, 3, 50, 3000]) {
      let view = { row: 0, key: 0, size: tokens };
      for (const factor of [0.8, 0.5, 0.1, 1.25, 0.3, 4, 9]) {
        const point = view.key + view.size / 3;
        const next = zoomedView(view, tokens, factor, point, point);
        const shift = Math.abs((point - next.key) / next.size - 1 / 3) * next.size;
        told.push({ tokens, ...next, free: next.key > 0 && next.key + next.size < tokens, shift });
        view = next;
      }
    }
    console.log(JSON.stringify(told));
    """
    views = run_script(node, ("layout.js",), tail)
    assert isinstance(views, list)
    for view in views:
        for start in (view["row"], view["key"]):
            assert 0 <= start <= start + view["size"] <= view["tokens"]
        assert view["size"] >= min(4, view["tokens"])
        if view["free"]:
            assert view["shift"] <= 1  # whole cells


def test_settings_carry_the_colours_of_the_figures():
    settings = browser_settings()
    for theme, dark in (("light", False), ("dark", True)):
        table = base64.b64decode(settings["colours"][theme]["sequential"])
        assert table == colours.lut("sequential", dark).tobytes()
    assert len(settings["reasons"]) == len(Reason)
    json.dumps(settings)


def test_value_holds_what_the_page_needs(make_trace):
    trace = make_trace(["<bos>", "a"], layers=2)
    value = attention_value("run", trace, layer=1, query=None)
    assert value["tokens"] == ["<bos>", "a"]
    assert value["layers"][0] == {"kind": "local", "window": 5, "softcap": 20.0}
    assert (value["layer"], value["query"]) == (1, None)
    json.dumps(value)


def test_the_same_move_twice_is_two_moves():
    first, second = attention_move("run", layer=1), attention_move("run", layer=1)
    assert isinstance(first, gr.HTML)
    assert first.props["move"] != second.props["move"]


def test_an_unknown_place_is_refused(make_trace):
    with pytest.raises(TypeError, match="no such place: row; give any of"):
        attention_value("run", make_trace(["a"]), row=1)
