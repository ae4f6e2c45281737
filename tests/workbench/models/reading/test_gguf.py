"""GGUF files: read once, whole or not at all, and opened as what they hold."""

from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
import pytest

from gemma2_workbench import ModelNotFoundError, capture, load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.models.loading import check_loadable
from gemma2_workbench.models.reading import gguf as module
from gemma2_workbench.models.reading.announced import announced
from gemma2_workbench.models.reading.progress import telling

LAYERS, D, HEADS, KV, F = 2, 32, 4, 2, 64
PIECES = ["▁", "a", "c", "e", "h", "s", "t", "▁cat", "▁sat", "▁the"]


def written(file: Path) -> Path:
    """A tiny llama of random numbers, with a vocabulary of bytes and some pieces."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *PIECES]
    random = np.random.default_rng(0)
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(D)
    writer.add_feed_forward_length(F)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(D // HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 3 + [-1000.0] * 256 + [-float(at) for at in range(len(PIECES))])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(PIECES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    narrow = D // HEADS * KV
    shapes = {"attn_q": (D, D), "attn_k": (narrow, D), "attn_v": (narrow, D), "attn_output": (D, D)}
    shapes |= {"ffn_gate": (F, D), "ffn_up": (F, D), "ffn_down": (D, F)}
    names = {"token_embd": (len(tokens), D), "output": (len(tokens), D)}
    names |= {f"blk.{layer}.{name}": shape for layer in range(LAYERS) for name, shape in shapes.items()}
    for name, shape in names.items():
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape) * 0.15).astype(np.float32))
    for name in ("output_norm", *(f"blk.{layer}.{one}_norm" for layer in range(LAYERS) for one in ("attn", "ffn"))):
        writer.add_tensor(f"{name}.weight", np.ones(D, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module.constants, "HF_HOME", str(tmp_path / "hub"))
    return module.cache()


def folders(kept: Path) -> list[Path]:
    return [path for path in kept.iterdir() if path.is_dir()]


def test_a_file_is_read_once_and_opened_as_what_it_holds(
    file: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(file)
    assert (loaded.source, loaded.kind, loaded.shape.kv_heads) == (str(file), "LlamaForCausalLM", KV)
    trace = capture(loaded, "the cat sat")
    assert trace.parity.holds
    assert trace.tokens.display[0] == "<s>"
    assert len(folders(kept)) == 1
    monkeypatch.setattr(module, "import_gguf", lambda *_: pytest.fail("it is read again"))
    again = capture(load(file.parent), "the cat sat")
    assert again.stage(1, 2).nan_to_num().equal(trace.stage(1, 2).nan_to_num())
    assert len(folders(kept)) == 1


def test_what_would_be_loaded_is_said_without_reading_it(file: Path, kept: Path) -> None:
    assert announced(str(file)).size == file.stat().st_size
    check_loadable(str(file))
    assert not kept.exists()


def test_a_folder_is_made_on_request_and_nothing_in_it_is_overwritten(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, told = tmp_path / "made", list[tuple[int, int, str]]()
    with telling(lambda *step: told.append(step)):
        assert main(["models", "--import", str(file), str(out)]) == 0
    said = capsys.readouterr()
    assert f"try: gemma2-workbench app --model {out}" in said.out
    assert said.err == ""  # where transformers would draw a bar of its own
    tensors = 3 + LAYERS * 9
    assert (tensors, tensors, "weights") in told
    assert load(out).kind == "LlamaForCausalLM"
    assert main(["models", "--import", str(file), str(out)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_damaged_file_is_one_sentence_and_leaves_nothing(file: Path, tmp_path: Path, kept: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ModelNotFoundError, match="broken.gguf cannot be read as a GGUF file"):
        load(broken)
    assert not folders(kept)
    written(tmp_path / "other.gguf")
    with pytest.raises(ModelNotFoundError, match="holds 2 GGUF files; name one of them"):
        load(tmp_path)


def test_without_the_package_it_is_said_how_to_install_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "gguf" else find_spec(name))
    with pytest.raises(ImportError, match=r"pip install 'gemma2-workbench\[gguf\]'"):
        load(file)
