"""Snippets of both documentation pages run, with the names of checkpoints replaced by tiny folders.

The snippets stand in the tests as on the pages. What is replaced: hub ids and cuda, which a test has not; the classes,
by ours; and where a page is wrong, what was meant (`MEANT`).
"""

import re
from typing import Any

import pytest
import torch

import gemma2_workbench.model as ours_package

HUB_ID = re.compile(r"google/gemma-?2?-\d+b")
IMPORT = re.compile(r"^from transformers\S* import (.+)$", re.MULTILINE)
MEANT = {
    "GemmaForCausalLM": "Gemma2ForCausalLM",  # the older page's example imports the class of Gemma 1
    'attn_implementation="sdpa"': 'attn_implementation="eager"',  # sdpa has no softcap; transformers refuses it too
    '"cuda"': '"cpu"',
}


@pytest.fixture
def run(twin_folder):
    """`run(snippet, **sizes)`: the names that it leaves, after it ran against a tiny folder with our classes."""

    def of_ours(found: re.Match[str]) -> str:
        names = [name.strip() for name in found[1].split(",")]
        own = [name for name in names if name in ours_package.__all__]
        other = [name for name in names if name not in own]
        lines = [("gemma2_workbench.model", own), ("transformers", other)]
        return "\n".join(f"from {package} import {', '.join(some)}" for package, some in lines if some)

    def execute(snippet: str, **sizes: int) -> dict[str, Any]:
        for given, meant in MEANT.items():
            snippet = snippet.replace(given, meant)
        snippet = IMPORT.sub(of_ours, snippet)
        if HUB_ID.search(snippet):
            snippet = HUB_ID.sub(str(twin_folder(**sizes)), snippet)
        left: dict[str, Any] = {}
        torch.manual_seed(0)
        exec(compile(snippet, "a page", "exec"), left)
        return left

    return execute
