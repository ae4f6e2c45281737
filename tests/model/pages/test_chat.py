"""Chat from the command line, as the newer page promises: by Gemma 2's template, turn after turn, without a server."""

import io
import json
import sys

import torch
import transformers

from gemma2_workbench.apps.cli import main

# Gemma 2's own: no system role, <bos> first.
TEMPLATE = """{{ bos_token }}{% for message in messages %}
{%- set role = 'model' if message['role'] == 'assistant' else message['role'] %}
{{- '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""


def test_turns_are_answered_as_transformers_answers_them(twin_folder, tmp_path, monkeypatch):
    folder = twin_folder()
    settings = folder / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"chat_template": TEMPLATE}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Who is Emma?\nAnd Anna?\n!save chat.json\n")))
    assert main(["chat", "--model", str(folder), "--max-new-tokens", "5"]) == 0
    said = json.loads((tmp_path / "chat.json").read_text())
    assert said["chat_template"] is True
    assert [turn["role"] for turn in said["messages"]] == ["user", "assistant"] * 2
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    ids = tokenizer.apply_chat_template(
        said["messages"][:3], add_generation_prompt=True, return_tensors="pt", return_dict=False
    )
    with torch.no_grad():
        made = model.generate(ids, max_new_tokens=5, do_sample=False)
    answer = tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)
    assert said["messages"][3]["content"].strip() == answer.strip()
