"""Models from the package, from folders and by hub id, and what is said when there is none."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gemma2_workbench import LoadedModel, ModelNotFoundError, capture, embedded, load
from gemma2_workbench.classification.finetune.start import starting_point
from gemma2_workbench.masks.origin import configured
from gemma2_workbench.model import Gemma2ForTokenClassification, Gemma2Model


def test_the_embedded_model_is_the_default(loaded: LoadedModel) -> None:
    assert loaded.name == "tiny"
    assert loaded.source == "embedded:tiny"
    assert loaded.dtype == "float32"
    assert loaded.weights_sha256 is not None
    assert not loaded.model.training
    assert load("tiny").weights_sha256 == loaded.weights_sha256


def test_a_folder_in_the_format_of_gemma_2_2b(twin_folder: Callable[..., Path]) -> None:
    folder = twin_folder()
    loaded = load(folder)
    assert loaded.source == str(folder)
    assert capture(loaded, "Hello world").parity.holds
    assert load(str(folder), dtype="bfloat16").dtype == "bfloat16"


def test_the_architecture_chooses_the_class(twin_folder: Callable[..., Path]) -> None:
    folder = twin_folder()
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["Gemma2Model"]
    (folder / "config.json").write_text(json.dumps(config))
    loaded = load(folder)
    assert type(loaded.model) is Gemma2Model
    assert capture(loaded, "Hello world").parity.holds


def test_only_fine_tuning_starts_without_a_head(twin_folder: Callable[..., Path]) -> None:
    folder = twin_folder()
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["Gemma2ForTokenClassification"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"no head for Gemma2ForTokenClassification \(score.bias, score.weight\)"):
        load(folder)
    loaded = load(folder, new_head=True)
    assert isinstance(loaded.model, Gemma2ForTokenClassification)
    assert loaded.fresh_head
    # Though its labels are those of the data, a head that was never trained does not count as one.
    first, second = (starting_point(load(folder, new_head=True), "token", ("LABEL_0", "LABEL_1")) for _ in range(2))
    assert first.fresh
    assert torch.equal(first.model.score.weight, second.model.score.weight)
    assert not load("tiny-ner", new_head=True).fresh_head


def test_weights_of_another_model_than_the_configuration_are_refused(twin_folder: Callable[..., Path]) -> None:
    folder = twin_folder()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))  # of its usual 7 billion
    with pytest.raises(ValueError, match=r"its files hold [\d,]+ numbers, and config.json describes a model of 6,7"):
        load(folder)


def test_broken_folders_say_what_is_wrong(twin_folder: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="cannot be read as a model folder"):
        load(tmp_path)
    folder = twin_folder()
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelNotFoundError, match="cannot be read as a model folder"):
        load(folder)
    folder = twin_folder()
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        load(folder)


def test_a_hub_model_that_cannot_be_had_says_what_to_do() -> None:
    with pytest.raises(
        ModelNotFoundError, match=r"no model 'google/gemma-2-2b' here. Use an embedded checkpoint \(tiny"
    ):
        load("google/gemma-2-2b")


def test_a_name_without_an_owner_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("looked up")

    monkeypatch.setattr("gemma2_workbench.models.reading.names.snapshot_download", looked_up)
    for find in (load, configured):
        with pytest.raises(ModelNotFoundError, match=r"'nosuch' here. Use an embedded .* is written owner/name"):
            find("nosuch")


def test_a_look_up_says_nothing_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("huggingface_hub.utils._http")

    def fruitless(*_args: object, **_kwargs: object) -> None:
        log.warning("Retrying in 1s")
        raise OSError("no connection")

    monkeypatch.setattr("gemma2_workbench.models.reading.names.snapshot_download", fruitless)
    with pytest.raises(ModelNotFoundError, match="Reason: no connection"):
        load("no/such")
    assert not caplog.records
    assert log.isEnabledFor(logging.WARNING)


def test_a_gated_model_says_how_to_get_access(monkeypatch: pytest.MonkeyPatch) -> None:
    def gated(*_args: object, **_kwargs: object) -> None:
        raise OSError("You are trying to access a gated repo. 401 Client Error.")

    monkeypatch.setattr("gemma2_workbench.models.reading.names.snapshot_download", gated)
    with pytest.raises(ModelNotFoundError, match="accept its licence .* `hf auth login`"):
        load("google/gemma-2-2b")


@pytest.mark.parametrize("dtype", ["int8", "float64", "float8_e4m3fn", "half", "nn", "", torch.float64])
def test_a_dtype_that_is_none_is_refused(dtype: str | torch.dtype) -> None:
    with pytest.raises(ValueError, match="use float32, bfloat16 or float16"):
        load(dtype=dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", torch.bfloat16])
def test_every_dtype_that_is_allowed_equals_transformers(dtype: str | torch.dtype) -> None:
    assert capture(load(dtype=dtype), "Anna met Bob in Paris.").parity.holds


def test_every_embedded_checkpoint_fits_the_package() -> None:
    for folder in embedded().values():
        assert (folder / "README.md").exists()
        assert sum(file.stat().st_size for file in folder.glob("*.safetensors")) <= 25_000_000


def test_the_parity_reference_shares_the_weights(loaded: LoadedModel) -> None:
    twin = loaded.reference()
    mine = loaded.model.state_dict()
    assert all(tensor.data_ptr() == mine[name].data_ptr() for name, tensor in twin.state_dict().items())
    assert not any(tensor.device == torch.device("meta") for tensor in twin.buffers())


@pytest.mark.parametrize("device", ["cuda", "mps", "abacus", "cuda:7"])
def test_a_device_that_is_not_here_is_refused(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"there is no device '{device}' here; allowed: cpu"):
        load(device=device)


def test_a_query_scale_that_is_no_whole_number(twin_folder: Callable[..., Path]) -> None:
    # transformers' own configuration refuses it, its model computes with it
    assert capture(load(twin_folder(query_pre_attn_scalar=24.5)), "Hello world").parity.holds


def test_a_model_of_the_hub_is_its_snapshot(twin_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, asked = twin_folder(), []

    def downloaded(name: str, revision: str | None, allow_patterns: list[str], **_progress: object) -> str:
        asked.append((name, revision, allow_patterns))
        return str(folder)

    monkeypatch.setattr("gemma2_workbench.models.reading.names.snapshot_download", downloaded)
    loaded = load("owner/name", revision="main")
    assert (loaded.name, loaded.source, loaded.revision) == ("owner/name", "owner/name", folder.name)
    # the weights only after everything else fits, and of the same commit
    assert [entry[1:] for entry in asked] == [
        ("main", ["*.json", "tokenizer.model", "*.jinja"]),
        (folder.name, ["model.safetensors"]),
    ]
    (folder / "tokenizer.model").unlink()
    asked.clear()
    with pytest.raises(ModelNotFoundError, match="owner/name .* neither tokenizer.json nor tokenizer.model"):
        load("owner/name")
    assert len(asked) == 1
