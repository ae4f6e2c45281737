"""The snippets about pipelines, Auto classes, quantised weights and masks, with our classes registered."""

import pytest
import torch

from gemma2_workbench.model import Gemma2ForCausalLM, HybridCache, register

PIPELINE = """
import torch
from transformers import pipeline
pipe = pipeline(
    task="text-generation",
    model="google/gemma-2-9b",
    torch_dtype=torch.bfloat16,
    device="cuda",
)
said = pipe("Explain quantum computing simply. ", max_new_tokens=50)
"""
# The page makes the configuration and forgets to hand it over.
QUANTISED = """
import torch
from transformers import AutoTokenizer, AutoModelForCausalLM, BitsAndBytesConfig
quantization_config = BitsAndBytesConfig(load_in_4bit=True)
tokenizer = AutoTokenizer.from_pretrained("google/gemma-2-27b")
model = AutoModelForCausalLM.from_pretrained(
    "google/gemma-2-27b",
    torch_dtype=torch.bfloat16,
    device_map="auto",
    attn_implementation="sdpa",
    quantization_config=quantization_config,
)
input_text = "Explain quantum computing simply."
input_ids = tokenizer(input_text, return_tensors="pt").to("cuda")
outputs = model.generate(**input_ids, max_new_tokens=32, cache_implementation="static")
said = tokenizer.decode(outputs[0], skip_special_tokens=True)
"""
HYBRID = """
from transformers import AutoTokenizer, AutoModelForCausalLM, HybridCache
model = AutoModelForCausalLM.from_pretrained("google/gemma-2-2b")
tokenizer = AutoTokenizer.from_pretrained("google/gemma-2-2b")
inputs = tokenizer(text="My name is Gemma", return_tensors="pt")
max_generated_length = inputs.input_ids.shape[1] + 10
past_key_values = HybridCache(
    config=model.config, max_batch_size=1, max_cache_len=max_generated_length, device=model.device, dtype=model.dtype
)
outputs = model(**inputs, past_key_values=past_key_values, use_cache=True)
"""
VISUALIZER = """
from transformers.utils.attention_visualizer import AttentionMaskVisualizer
visualizer = AttentionMaskVisualizer("google/gemma-2b")
visualizer("You are an assistant. Make sure you print me")
"""


@pytest.fixture(autouse=True)
def _ours():
    with register():
        yield


def test_a_pipeline(run):
    left = run(PIPELINE)
    assert type(left["pipe"].model) is Gemma2ForCausalLM
    assert left["pipe"].model.dtype is torch.bfloat16
    assert left["said"][0]["generated_text"].startswith("Explain quantum computing simply. ")


def test_a_hybrid_cache(run):
    left = run(HYBRID)
    cache = left["outputs"].past_key_values
    assert type(left["model"]) is Gemma2ForCausalLM
    assert type(cache) is HybridCache
    assert cache.get_seq_length() == left["inputs"].input_ids.shape[1]
    alone = left["model"](**left["inputs"], use_cache=False).logits
    torch.testing.assert_close(left["outputs"].logits, alone, atol=1e-4, rtol=1e-4)


def test_four_bit_weights(run):
    pytest.importorskip("bitsandbytes", reason="4-bit weights need bitsandbytes")
    # In blocks of 64 numbers, which bitsandbytes wants whole on CPUs.
    left = run(QUANTISED, hidden_size=64, intermediate_size=128)
    assert type(left["model"]) is Gemma2ForCausalLM
    assert left["model"].is_loaded_in_4bit
    assert left["said"].startswith("Explain quantum computing simply.")


def test_masks(run, capsys):
    run(VISUALIZER)
    out = capsys.readouterr().out
    assert "<bos>" in out
    assert "window 7" in out
