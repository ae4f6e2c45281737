"""A converted checkpoint computes what gemma_pytorch computes, in our classes and in transformers' own."""

import json
from math import prod

import pytest
import torch
import transformers
from safetensors import safe_open
from torch.testing import assert_close

from gemma2_workbench import embedded, load, tokenize
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, convert_google_checkpoint
from gemma2_workbench.model.google.names import parts
from gemma2_workbench.model.google.sizes import SIZES

SMALL = 40_000  # bytes: several files


@pytest.fixture
def ids():
    return torch.randint(3, 4096, (1, 14), generator=torch.Generator().manual_seed(1))


def stored(folder):
    """All tensors of a folder, by name."""
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            names = opened.keys()
            found |= {name: opened.get_tensor(name) for name in names}
    return found


@pytest.mark.parametrize("cls", [Gemma2ForCausalLM, transformers.AutoModelForCausalLM])
@pytest.mark.parametrize("form", ["saved", "saved_in_parts"])
def test_logits_equal_those_of_gemma_pytorch(
    request, google_config, google_state, google_logits, ids, tmp_path, form, cls
):
    checkpoint = request.getfixturevalue(form)(google_state)
    folder = convert_google_checkpoint(checkpoint, tmp_path / "out", google_config, shard_bytes=SMALL)
    assert len([*folder.glob("*.safetensors")]) > 3
    model = cls.from_pretrained(folder, attn_implementation="eager")
    with torch.no_grad():
        assert_close(model(ids).logits[0], google_logits(google_state, google_config, ids[0]), atol=1e-4, rtol=1e-4)


def test_int8_weights_are_multiplied_by_their_factors(
    google_config, quantised, google_logits, saved, ids, tmp_path, google_state
):
    folder = convert_google_checkpoint(saved(quantised), tmp_path / "out", google_config)
    with torch.no_grad():
        logits = Gemma2ForCausalLM.from_pretrained(folder)(ids).logits[0]
    assert_close(logits, google_logits(quantised, google_config, ids[0]), atol=1e-4, rtol=1e-4)
    assert (logits - google_logits(google_state, google_config, ids[0])).abs().max() > 0.01
    # Many rows go in several steps.
    factors = quantised["embedder.weight_scaler"]
    assert_close(stored(folder)["model.embed_tokens.weight"], quantised["embedder.weight"] * factors[:, None])


def test_every_number_is_in_its_place_and_nothing_else(google_config, google_state, saved, tmp_path):
    half = {name: tensor if tensor.is_complex() else tensor.bfloat16() for name, tensor in google_state.items()}
    weights = stored(convert_google_checkpoint(saved(half), tmp_path / "out", google_config))
    theirs = transformers.Gemma2ForCausalLM(google_config).state_dict()
    assert set(weights) == set(theirs) - {"lm_head.weight"}
    assert {name: tensor.shape for name, tensor in weights.items()} == {name: theirs[name].shape for name in weights}
    q, k, v = (weights[f"model.layers.1.self_attn.{name}_proj.weight"] for name in "qkv")
    assert torch.equal(torch.cat((q, k, v)), half["model.layers.1.self_attn.qkv_proj.weight"])
    norm = "model.layers.3.post_feedforward_layernorm.weight"
    assert torch.equal(weights[norm], half[norm])


@pytest.mark.parametrize("dtype", ["bfloat16", torch.float16, None])
def test_the_dtype_is_as_asked_for_or_that_of_the_checkpoint(google_config, google_state, saved, tmp_path, dtype):
    folder = convert_google_checkpoint(saved(google_state), tmp_path / "out", google_config, dtype=dtype)
    kind = str(dtype or "float32").removeprefix("torch.")
    assert json.loads((folder / "config.json").read_text())["dtype"] == kind
    weight = stored(folder)["model.norm.weight"]
    assert torch.equal(weight, google_state["model.norm.weight"].to(getattr(torch, kind)))


@pytest.mark.parametrize(
    ("size", "scalar", "parameters"),
    [("2b", 256, 2_614_341_888), ("9b", 256, 9_241_705_984), ("27b", 144, 27_227_128_320)],
)
def test_the_sizes_are_those_of_the_published_models(size, scalar, parameters):
    config = Gemma2Config(**SIZES[size])
    assert config.query_pre_attn_scalar == scalar
    assert sum(prod(part.shape) for part in parts(config)) == parameters


@pytest.mark.parametrize("whole", [True, False])
def test_the_folder_is_a_model_with_its_tokenizer(google_config, google_state, saved, tmp_path, whole):
    given = embedded()["tiny"] if whole else embedded()["tiny"] / "tokenizer.model"
    folder = convert_google_checkpoint(
        saved(google_state), tmp_path / "out", google_config, tokenizer=given, instruct=True
    )
    assert json.loads((folder / "config.json").read_text())["architectures"] == ["Gemma2ForCausalLM"]
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == [1, 107]
    ours = load(folder)
    assert ours.model.config.sliding_window == google_config.sliding_window
    assert tokenize(ours.tokenizer, "Anna met Bob").ids[0] == 2
    assert transformers.AutoTokenizer.from_pretrained(folder)("Anna met Bob").input_ids[0] == 2
    assert not [*folder.glob(".*")]
