"""What would be loaded is said before it is; how far a download or a loading is, is told."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub.errors import DryRunError, LocalEntryNotFoundError

from gemma2_workbench import embedded, load
from gemma2_workbench.models.reading import announced as module
from gemma2_workbench.models.reading.announced import announced, in_words
from gemma2_workbench.models.reading.names import ModelNotFoundError
from gemma2_workbench.models.reading.progress import download_bar, telling


def test_what_is_here_has_the_size_of_its_files() -> None:
    size = sum(file.stat().st_size for file in embedded()["tiny"].glob("*.safetensors"))
    for name in ("tiny", str(embedded()["tiny"])):
        found = announced(name)
        assert (found.size, found.download) == (size, False)
        assert found.sentence == f"{name}: {in_words(size)}, on this machine"
    with pytest.raises(ModelNotFoundError, match="there is no folder"):
        announced("./nothing")


def hub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """A hub that answers a dry run so; nothing is in the cache."""

    def download(_name: str, local_files_only: bool = False, **_options: object) -> Any:
        if local_files_only:
            raise LocalEntryNotFoundError("not there")
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "snapshot_download", download)


def test_the_hub_is_asked_for_sizes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.safetensors": 3_000_000_000, "b.safetensors": 2_200_000_000, "pytorch_model.bin": 9}
    hub(monkeypatch, [SimpleNamespace(filename=name, file_size=size) for name, size in files.items()])
    found = announced("google/gemma-2-2b")
    assert (found.size, found.download) == (5_200_000_000, True)
    assert found.sentence == "google/gemma-2-2b: 5.2 GB to be downloaded from the Hugging Face hub"


def test_a_hub_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, DryRunError("no"))
    with pytest.raises(ModelNotFoundError, match="it is not on this machine, and the hub cannot be reached"):
        announced("google/gemma-2-2b")


def test_loading_tells_of_its_weights(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    with telling(lambda *step: told.append(step)):
        load("tiny")
    assert told[-1][0] == told[-1][1] == len(told)
    assert {what for _, _, what in told} == {"weights"}
    assert download_bar() is None


def test_a_download_tells_of_its_bytes() -> None:
    told: list[tuple[int, int, str]] = []
    with telling(lambda *step: told.append(step)):
        bar = download_bar()
    assert bar is not None
    with bar(unit="B", total=10, name="x") as counted:
        counted.update(4)
        counted.update(6)
    with bar(range(2), desc="files"):
        pass
    assert told == [(4, 10, "bytes"), (10, 10, "bytes")]
