"""Masks in a terminal: what is printed, where transformers' visualiser is wrong, and what machines get."""

import json

import pytest
import torch

from gemma2_workbench.apps import cli
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.reach import reach
from gemma2_workbench.masks.record import as_json
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.text import masks_text
from gemma2_workbench.model import Reason

LAYERS = ("local", "global") * 2


def rows(text, first):
    """The lines of one printed pass as {position: (token, marks, count)}; the pass begins with the line `first`."""
    lines = text.split(f"\n\n{first}")[1].splitlines()[2:]
    found = {}
    for line in lines:
        if not line[:5].strip().isdigit():
            break
        found[int(line[:5])] = (line[6:20].strip(), *line[21:].split())
    return found


def test_a_mask_reads_as_drawn():
    local = rows(masks_text(Setting(4, 2, LAYERS, padding=1), ("<bos>", "the", "cat", "sat")), "prefill 0–4")
    assert local == {
        0: ("<pad>", "x....", "0"),
        1: ("<bos>", "x#...", "1"),
        2: ("the", "\\##..", "2"),
        3: ("cat", "\\\\##.", "2"),
        4: ("sat", "\\\\\\##", "2"),
    }


def test_both_kinds_of_layers_are_named_and_one_can_be_chosen():
    text = masks_text(Setting(9, 3, LAYERS))
    assert "LOCAL layers 0 2: sliding window 3" in text
    assert "GLOBAL layers 1 3: full attention" in text
    only = masks_text(Setting(9, 3, LAYERS), layer=1)
    assert "LOCAL" not in only
    assert rows(only, "prefill 0–8")[8] == ("", "#########", "9")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_pages_are_as_narrow_as_asked_and_say_what_is_left_out(width):
    text = masks_text(
        Setting(300, 20, LAYERS, decode=2), tuple(f"w{i}日本語の長い単語" for i in range(300)), width=width
    )
    marks = [line for line in text.splitlines() if set(line[21:-6]) <= set("#.\\x") and line[:5].strip().isdigit()]
    assert max(map(len, marks)) <= width
    assert "more keys; a wider terminal" in text
    assert "  299 " in text


def test_reach_and_caches_are_told():
    text = masks_text(Setting(12, 4, LAYERS, decode=1, cache="static", slots=15))
    assert "after layer 0 local         4  8-11" in text
    assert "after layer 1 global       12  0-11" in text
    assert "prefill 0–10    0-10 + 4 empty" in text
    assert "decode 11       8-11" in text


def test_transformers_visualiser_leaves_out_bos_and_padding_and_ours_does_not(capsys):
    """SPEC 4: it labels rows without BOS over a mask with BOS, and its window matrix knows no padding."""
    generate = pytest.importorskip("transformers.utils.attention_visualizer").generate_attention_matrix_from_mask
    words, keep = ["the", "cat"], torch.tensor([0, 1, 1, 1])  # one pad, <bos>, the, cat: four positions
    visible = torch.ones(4, 4).tril().bool() & keep.bool()
    theirs = generate(words, visible, sliding_window=2).splitlines()[-2:]
    plain = [line.replace("\033[92m", "").replace("\033[0m", "") for line in theirs]
    assert [line.split(":")[0].strip() for line in plain] == ["'the'", "'cat'"]
    # Its rows are those of the pad and of <bos>, under the names of the first two words.
    assert plain[1].split("|")[1].split() == ["■", "■"]  # claims that <bos> sees the pad through the window

    capsys.readouterr()
    ours = rows(masks_text(Setting(3, 2, LAYERS, padding=1), ("<bos>", "the", "cat")), "prefill 0–3")
    assert [token for token, *_ in ours.values()] == ["<pad>", "<bos>", "the", "cat"]
    assert ours[1] == ("<bos>", "x#..", "1")
    assert ours[3] == ("cat", "\\\\##", "2")


def test_machines_get_every_number():
    setting = Setting(7, 3, LAYERS, padding=2, decode=2)
    told = json.loads(json.dumps(as_json(setting, tuple("abcdefg"))))
    assert [token["text"] for token in told["tokens"]] == ["<pad>", "<pad>", *"abcdefg"]
    assert [layer["kind"] for layer in told["layers"]] == list(LAYERS)
    for layer, about in enumerate(told["layers"]):
        for mask, given in zip(layer_masks(setting, layer), about["passes"], strict=True):
            assert given["reasons"] == mask.reasons.tolist()
            assert given["visible_keys"] == (mask.reasons == Reason.VISIBLE).sum(-1).tolist()
            assert given["cache_holds"] == list(mask.holds)
    assert told["reached_after_layers"] == reach(setting).first.tolist()


def test_the_command_prints_the_tokens_of_the_model(capsys):
    assert cli.main(["mask", "the cat", "--window", "2", "--padding", "1", "--width", "80"]) == 0
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if "<pad>" in line or "<bos>" in line]
    assert [line.split()[:2] for line in lines] == [["0", "<pad>"], ["1", "<bos>"]] * 2
    assert "*modified model*" in out


def test_the_command_gives_json_and_refuses_what_cannot_be(capsys):
    assert cli.main(["mask", "--tokens", "5", "--layer", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [layer["layer"] for layer in told["layers"]] == [1]
    assert cli.main(["mask", "a text", "--tokens", "50"]) == 2
    assert "--tokens 50: the text has 4 tokens; give 1 to 4" in capsys.readouterr().err
    assert cli.main(["mask", "--tokens", "5", "--decode", "9"]) == 2
    assert "leaves no prompt" in capsys.readouterr().err
