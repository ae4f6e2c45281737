"""Help and the list of models are there at once: nothing heavy is imported for them, nor by the package itself."""

import json
import subprocess
import sys
from pathlib import Path

from gemma2_workbench.apps.cli import parser

HEAVY = {"torch", "transformers", "huggingface_hub", "pandas", "matplotlib", "plotly", "gradio", "sklearn", "captum"}
# Every command line in turn, and what the process has loaded after each.
RUN = """
import json, sys
from gemma2_workbench.apps.cli import main
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as end:
        assert end.code == 0
    print("loaded", *{name.partition(".")[0] for name in sys.modules})
"""


def loaded(code: str, *words: str) -> list[tuple[str, set[str]]]:
    """What a program prints before each line of what is loaded, and the packages that the line names."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr  # which may say that a run takes long
    parts: list[tuple[str, set[str]]] = []
    said: list[str] = []
    for line in done.stdout.splitlines():
        if line.startswith("loaded "):
            parts.append(("\n".join(said), set(line.split()[1:])))
            said = []
        else:
            said.append(line)
    return parts


def test_help_of_every_command_and_the_models_import_nothing_heavy() -> None:
    (commands,) = (action.choices for action in parser()._actions if action.choices)
    lines = [["--help"], *([name, "--help"] for name in commands), ["models"]]
    answers = loaded(RUN, json.dumps(lines))
    assert len(answers) == len(lines) > 12
    for words, (said, names) in zip(lines, answers, strict=True):
        assert ("tiny-ner" if words == ["models"] else "usage: gemma2-workbench") in said
        assert not names & HEAVY, words


def test_the_package_itself_is_light() -> None:
    ((_, names),) = loaded("import sys, gemma2_workbench, gemma2_workbench.model; print('loaded', *sys.modules)")
    assert not names & (HEAVY | {"numpy"})


def test_runs_load_neither_the_page_nor_what_classifiers_need(tmp_path: Path) -> None:
    text = "Anna lives in Rome"
    lines = [
        ["trace", text, "--out", str(tmp_path / "run.safetensors")],
        ["table", "attention", "--text", text, "--out", str(tmp_path / "map.csv")],
        ["figure", "attention", "--text", text, "--out", str(tmp_path / "map.pdf")],
    ]
    answers = loaded(RUN, json.dumps(lines))
    assert len(answers) == len(lines)
    for (command, *_), (_, names) in zip(lines, answers, strict=True):
        assert "torch" in names
        assert not names & {"plotly", "gradio", "starlette", "sklearn", "captum", "seqeval", "peft"}, command
        assert ("matplotlib" in names) == (command == "figure")


def test_a_command_of_its_own_imports_what_it_needs_once() -> None:
    code = """
import gc, sys
from gemma2_workbench.apps.cli import main
generations = []
gc.callbacks.append(lambda _phase, about: generations.append(about["generation"]))
sys.argv = ["gemma2-workbench", "table", "attention", "--text", "", "--out", "a.csv"]
assert main() == 2
assert "torch" in sys.modules and gc.isenabled() and gc.get_freeze_count() > 100_000
print("through all:", generations.count(2), file=sys.stderr)

from transformers.loss import loss_for_object_detection as losses
from transformers.utils import import_utils
assert "transformers.models" in sys.modules and "scipy" not in sys.modules
folders = import_utils.create_import_structure_from_path.cache_info()
assert folders.hits > 100 and folders.misses == folders.currsize, folders
rows, columns = losses.linear_sum_assignment([[2, 1], [1, 3]])
assert columns.tolist() == [1, 0] and sys.modules["scipy.optimize"].linear_sum_assignment([[1]])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.stderr.endswith("through all: 0\n"), done.stderr
