"""Encoders beside their own eager forward, loaded, captured and drawn; what the page and the commands may not claim."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, BertForPreTraining

from benchmarks.decoders.row import row_of
from benchmarks.decoders.tiny import tiny_config, tiny_model
from gemma2_workbench import SetCausal, SetWindow, capture, load, load_trace, predict, save_trace, table
from gemma2_workbench.models.decoder.source import Decoder

TEXT = "The cat sat on the mat, and the dog sat on the cat."


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("bert/masked", "4 global"),
        ("distilbert/token", "4 global"),
        ("modernbert/masked", "2 global, 2 local"),  # windows on both sides
        ("nomic_bert/masked", "4 global"),  # rotary positions
        ("albert/token", "4 global"),  # one layer for all
        ("roformer/sequence", "4 global"),  # a softmax of its own
        ("electra/sequence", "4 global"),
        ("qwen2/token", "4 global"),
    ],
)
def test_an_encoder_or_classifier_is_exact_plain_and_padded(name: str, layers: str) -> None:
    row = row_of(name)
    assert (row.tier, row.reason, row.layers) == ("staged", "", layers)
    assert row.apart is not None
    assert max(row.apart.logits, row.apart.maps, row.apart.padded) <= 1e-4


def test_relative_positions_and_two_stacks_are_maps_only_and_no_softmax_is_refused() -> None:
    deberta, bart, fnet = (row_of(name) for name in ("deberta-v2/masked", "bart/sequence", "fnet/masked"))
    assert (deberta.tier, bart.tier, fnet.tier) == ("maps only", "maps only", "refused")
    assert "2 stacks" in bart.reason


def saved(model: Any, folder: Path) -> Path:
    for part in (model, load("tiny").tokenizer):
        part.save_pretrained(folder)
    return folder


def vocabulary() -> int:
    return len(load("tiny").tokenizer)


def test_a_folder_is_loaded_read_changed_and_saved(tmp_path: Path) -> None:
    model = tiny_model("modernbert", vocabulary=vocabulary(), auto=AutoModelForMaskedLM)
    loaded = load(saved(model, tmp_path))
    assert isinstance(loaded, Decoder)
    assert (loaded.kind, loaded.causal, loaded.unembedding) == ("ModernBertForMaskedLM", False, None)
    trace = capture(loaded, TEXT)
    assert trace.parity.holds
    maps = loaded.reference_outputs(torch.tensor([trace.tokens.ids])).maps
    assert torch.allclose(trace.stage(1, 2).nan_to_num(), maps[1][0, 2], atol=1e-6)
    assert trace.stage(0, 1)[0, -1] > 0
    assert table(trace, "atlas")["value"].notna().any()
    for change in (SetCausal(True), SetWindow(2)):
        assert capture(loaded, TEXT, interventions=[change]).effects[0].changed
    save_trace(trace, tmp_path / "a.trace")
    assert load_trace(tmp_path / "a.trace") == trace
    with pytest.raises(ValueError, match="no language-model head"):
        predict(loaded, trace.tokens.ids)


def test_without_a_head_its_last_states_are_compared(tmp_path: Path) -> None:
    loaded = load(saved(tiny_model("roberta", vocabulary=vocabulary(), auto=AutoModel), tmp_path))
    assert loaded.kind == "RobertaModel"
    # Positions are counted from the row after that of the padding.
    assert loaded.shape.longest == tiny_config("roberta").max_position_embeddings - 1
    assert capture(loaded, TEXT).parity.output_max_diff <= 1e-4
    text = "cat " * 200
    with pytest.raises(ValueError, match="takes at most 95"):
        capture(loaded, text)


def test_heads_that_encoders_are_saved_with_beside_their_own_are_no_hindrance(tmp_path: Path) -> None:
    model = BertForPreTraining(tiny_config("bert", vocabulary()))
    model.config.architectures = ["BertForMaskedLM"]
    saved(model, tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace("BertForPreTraining", "BertForMaskedLM"))
    assert load(tmp_path).kind == "BertForMaskedLM"
