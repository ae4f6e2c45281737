"""What every test may use: the embedded model and a trace of it, random twins, a browser, and no network."""

import gc
import importlib
import json
import os
import shlex
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before transformers and gradio are imported: neither may look anything up.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Tiny tensors: a second thread costs more than it gives, here and in the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
# Each process of pytest-xdist looks for free ports of its own.
os.environ["GRADIO_SERVER_PORT"] = str(7860 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))

import pytest
import torch

from gemma2_workbench import Corpus, LoadedModel, Sweep, SweepSettings, Trace, capture, embedded, load, sweep
from gemma2_workbench.apps.cli import main
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Longer than the window of the local layers, and with repeats, so that every fold has something to say.
TEXT = (
    "The President of the United States met Emma in Paris. The President of the United States spoke to Emma, "
    "and Emma, who had met the President before, was glad to see the President of the United States again."
)
LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # No other host than this one, by name or by number; and one process for all pages.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--renderer-process-limit=1",
    "--in-process-gpu",
]
WAIT_MS = 60_000  # of everything that a browser is asked for: only a failure pays for it


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What the tests import is no garbage: it is looked through neither meanwhile nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Any look-up of a foreign host fails the test that asked for it."""
    look_up = socket.getaddrinfo

    def local_only(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in LOCAL_HOSTS and name != socket.gethostname():
            pytest.fail(f"a test tried to reach the network: {name!r}")
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", local_only)
        yield


def find_chromium() -> str | None:
    """The Chromium or Chrome of this machine, or the one that CHROMIUM_PATH names."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = [os.environ.get("CHROMIUM_PATH"), *map(shutil.which, names)]
    return next((path for path in candidates if path and Path(path).exists()), None)


class PatientBrowser:
    """A Chromium whose pages wait `WAIT_MS` for whatever they are asked for."""

    def __init__(self, chromium: "Browser") -> None:
        self.chromium = chromium

    def new_page(self, **options: Any) -> "Page":
        """A page of its own, with playwright's options."""
        page = self.chromium.new_page(**options)
        page.set_default_timeout(WAIT_MS)
        return page

    def new_context(self, **options: Any) -> "BrowserContext":
        """A profile of its own, with playwright's options."""
        context = self.chromium.new_context(**options)
        context.set_default_timeout(WAIT_MS)
        return context


@pytest.fixture(scope="session")
def browser() -> Iterator[PatientBrowser]:
    """A headless Chromium driven by playwright; skips without one, fails if REQUIRE_BROWSER=1."""
    from playwright.sync_api import expect, sync_playwright

    path = find_chromium()
    if path is None:
        missing = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
        missing("browser tests need Chromium: apt-get install chromium-headless-shell, or set CHROMIUM_PATH")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield PatientBrowser(chromium)
        chromium.close()


@pytest.fixture
def tiny() -> dict[str, Any]:
    """Keyword arguments of a tiny Gemma 2: 4 layers, 4 heads over 2 key/value heads, window 5.

    Weights this large drive both kinds of logits beyond their caps (checked in model/test_parity.py).
    """
    return {
        "vocab_size": 97,
        "hidden_size": 32,
        "intermediate_size": 40,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "query_pre_attn_scalar": 12,
        "sliding_window": 5,
        "max_position_embeddings": 64,
        "initializer_range": 1.0,
        "attn_logit_softcapping": 20.0,
        "final_logit_softcapping": 10.0,
        "attn_implementation": "eager",
    }


@pytest.fixture
def twins(tiny: dict[str, Any]) -> Callable[..., tuple[Any, Any]]:
    """`twins(head="ForCausalLM", seed=0, **config)` -> (our model, stock transformers' model).

    Both are in eval mode and hold the same random weights; the norms' are random too, so that (1 + weight) shows.
    """
    ours = importlib.import_module("gemma2_workbench.model")
    stock = importlib.import_module("transformers")

    def make(head: str = "ForCausalLM", seed: int = 0, **config: Any) -> tuple[Any, Any]:
        name, arguments = f"Gemma2{head}", tiny | config
        torch.manual_seed(seed)
        theirs = getattr(stock, name)(stock.Gemma2Config(**arguments)).eval()
        with torch.no_grad():
            for key, weight in theirs.named_parameters():
                if "norm" in key or key.endswith("bias"):
                    weight.normal_(std=0.3)
        mine = getattr(ours, name)(ours.Gemma2Config(**arguments)).eval()
        mine.load_state_dict(theirs.state_dict(), strict=True)
        return mine, theirs

    return make


@pytest.fixture
def token_ids() -> Callable[..., torch.Tensor]:
    """`token_ids(B, T, seed=0)` -> random ids of the tiny vocabulary, long [B, T], without the special ones."""

    def draw(batch: int, length: int, seed: int = 0) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randint(3, 97, (batch, length), generator=generator)

    return draw


@pytest.fixture(scope="session")
def loaded() -> LoadedModel:
    return load()


@pytest.fixture(scope="session")
def tagger() -> LoadedModel:
    return load("tiny-ner")


@pytest.fixture(scope="session")
def trace(loaded: LoadedModel) -> Trace:
    return capture(loaded, TEXT, read=("attention", "folds", "lens", "contributions"))


@pytest.fixture(scope="session")
def swept(loaded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep over a few texts, one of them of odd characters, read from its folder."""
    place = tmp_path_factory.mktemp("swept")
    texts = [TEXT, "red blue green red blue green", "שלום 東京 🎉 e\u0301 red red", "Emma met Bob in Paris", "a"]
    (place / "texts.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    corpus = Corpus.of([place / "texts.jsonl"])
    return Sweep.load(sweep(loaded, corpus, SweepSettings(top=3, sample=2)).save(place / "heads"))


@pytest.fixture(scope="session")
def twin_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`twin_folder(**config)`: a random Gemma 2 saved as google/gemma-2-2b is, with the embedded tokenizer."""

    def make(**config: Any) -> Path:
        folder = tmp_path_factory.mktemp("twin")
        torch.manual_seed(0)
        sizes = {"vocab_size": 4096, "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 4}
        heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "query_pre_attn_scalar": 16}
        Gemma2ForCausalLM(
            Gemma2Config(**{**sizes, **heads, "sliding_window": 7, "initializer_range": 0.6, **config})
        ).save_pretrained(folder)
        for name in ("tokenizer.model", "tokenizer_config.json"):
            shutil.copy(embedded()["tiny"] / name, folder)
        assert json.loads((folder / "config.json").read_text())["model_type"] == "gemma2"
        return folder

    return make


@pytest.fixture
def makes_again(capsys: pytest.CaptureFixture[str]) -> Callable[[str, str], None]:
    """`makes_again(command, name)`: redrawing the file `name`, and the command in its record, give the same bytes."""

    def check(command: str, name: str) -> None:
        made, beside = Path(name).read_bytes(), Path(f"{name}.json").read_bytes()
        again = name.replace("a.", "b.")
        assert main(["redraw", name if name != "a.csv" else "a.csv.json", "--out", again]) == 0
        assert f"{again}: same bytes" in capsys.readouterr().out
        assert (Path(again).read_bytes(), Path(f"{again}.json").read_bytes()) == (made, beside)
        words = shlex.split(json.loads(beside)["command"])
        assert words[:2] == ["gemma2-workbench", command]
        Path(name).unlink()
        assert main(words[1:]) == 0
        assert (Path(name).read_bytes(), Path(f"{name}.json").read_bytes()) == (made, beside)

    return check
