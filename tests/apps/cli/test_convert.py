"""`convert` on the command line: one line at the end, whatever the end."""

import pytest
import torch

from gemma2_workbench import embedded, load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.model.google import convert as converting
from gemma2_workbench.model.google.names import source_shapes
from gemma2_workbench.model.google.sizes import SIZES

TINY = {
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "hidden_size": 32,
    "intermediate_size": 48,
    "query_pre_attn_scalar": 8,
}


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """A folder as it is downloaded, of a size so small that it takes no time; its name on the command line is 2b."""
    monkeypatch.setitem(SIZES, "2b", TINY)
    state = {name: torch.randn(shape) for name, shape in source_shapes(Gemma2Config(**TINY)).items()}
    folder = tmp_path / "download"
    folder.mkdir()
    torch.save({"model_state_dict": state}, folder / "model.ckpt")
    return str(folder)


def test_a_model_to_open(checkpoint, tmp_path, capsys):
    out = str(tmp_path / "out")
    tokenizer = str(embedded()["tiny"] / "tokenizer.model")
    words = ["convert", checkpoint, out, "--size", "2b", "--dtype", "bfloat16"]
    assert main([*words, "--tokenizer", tokenizer]) == 0
    said = capsys.readouterr().out
    assert said.splitlines() == [
        f"{out}: 0.0 GB of weights in 1 file",
        f"try: gemma2-workbench app --model {out}",
    ]
    assert load(out, dtype="bfloat16").tokenizer("Anna")["input_ids"][0] == 2
    assert main(words) == 2
    assert "holds a model already" in capsys.readouterr().err


def test_another_size(checkpoint, tmp_path, capsys):
    assert main(["convert", checkpoint, str(tmp_path / "out"), "--size", "9b"]) == 2
    error = capsys.readouterr().err
    assert "it is no checkpoint of Gemma 2 9b, but looks like 2b, the size to give: " in error
    assert len(error.splitlines()) == 1


def test_ctrl_c(checkpoint, tmp_path, capsys, monkeypatch):
    def stop(job):
        raise KeyboardInterrupt

    monkeypatch.setattr(converting, "_write_rest", stop)
    out = tmp_path / "out"
    assert main(["convert", checkpoint, str(out), "--size", "2b"]) == 130
    assert f"stopped; the same command goes on in {out}" in capsys.readouterr().err
    monkeypatch.undo()
