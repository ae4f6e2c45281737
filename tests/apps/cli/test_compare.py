"""`compare` says in words what a change does, and refuses in one sentence what is none."""

import math

import pytest

from gemma2_workbench import AblateHead, LoadedModel, predict, tokenize
from gemma2_workbench.apps.cli import main

TEXT = "Anna met Bob. Later Anna met"


def test_what_is_printed_is_what_two_predictions_say(loaded: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", TEXT, "--ablate", "1.2"]) == 0
    said = capsys.readouterr().out.splitlines()
    ids = tokenize(loaded.tokenizer, TEXT).ids
    before, after = predict(loaded, ids), predict(loaded, ids, [AblateHead(1, 2)])
    assert said[0] == "tiny and tiny with layer 1 head 2 set to zero on the same text"
    assert said[1].startswith("layer 1 head 2 set to zero: changes ")
    assert said[2] == f"next token: KL(before || after) {after.divergence_from(before):.3g} nats"
    best = int(before.log_probs.argmax())
    shown = said[4].split()
    assert shown[0] == dict(before.pieces)[best]
    for value, prediction in zip(shown[1:], (before, after), strict=True):
        assert float(value) == pytest.approx(math.exp(float(prediction.log_probs[best])), abs=6e-4)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing is changed, so there is nothing to compare; give a change of the model such as --ablate 1.2"),
        (["--ablate", "1.2", "--layer", "1"], "--layer is of a file; give --out as well"),
        (["--ablate", "1.2", "--out", "a.npz"], "a comparison is saved as a figure (.pdf, .svg, .png, .html) or as"),
        (["--ablate", "1.2", "--out", "a.csv", "--venue", "acl"], "--venue is of a figure, and a.csv is a table"),
        (["--ablate", "1.2", "--out", "a.csv", "--token", "a"], "the view difference shows none; leave it out"),
        (["--ablate", "1.2", "--out", "a.csv", "--metric", "entropy"], "view 'difference' has no option 'metric'"),
        (["--ablate", "9.2"], "layer 9 does not exist; allowed: 0..5"),
    ],
    ids=" ".join,
)
def test_what_is_no_comparison_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare", TEXT, *words]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("gemma2-workbench: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert list(tmp_path.iterdir()) == []
