"""What every test may use: random twins of the model, a browser, and no network."""

import importlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before transformers and gradio are imported: neither may look anything up.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Each process of pytest-xdist looks for free ports of its own.
os.environ["GRADIO_SERVER_PORT"] = str(7860 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))

import pytest
import torch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
]

torch.set_num_threads(1)  # tiny tensors: a second thread costs more than it gives


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
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = [os.environ.get("CHROMIUM_PATH"), *map(shutil.which, names)]
    return next((path for path in candidates if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """A headless Chromium driven by playwright; skips without one, fails if REQUIRE_BROWSER=1."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        missing = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
        missing("browser tests need Chromium: apt-get install --no-install-recommends chromium, or set CHROMIUM_PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
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
