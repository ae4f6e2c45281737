"""Checkpoints that are broken, or whose parts do not belong together: one sentence that names the file or the key."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer

from gemma2_workbench import ModelNotFoundError, capture, embedded, load
from gemma2_workbench.apps.cli import main

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
Damage = Callable[[Path], object]


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[str], Path]:
    """`copy(name)`: a folder with the files of an embedded checkpoint, the weights linked."""

    def make(name: str) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        for file in embedded()[name].iterdir():
            os.symlink(file, folder / file.name) if file.name == WEIGHTS else shutil.copy(file, folder)
        return folder

    return make


def setting(file: str = "config.json", /, **values: Any) -> Damage:
    """Keys of a JSON file get other values."""

    def damage(folder: Path) -> None:
        about = json.loads((folder / file).read_text()) | values
        (folder / file).write_text(json.dumps(about))

    return damage


def content(file: str, data: bytes) -> Damage:
    """A file gets another content; a link is replaced, not written through."""

    def damage(folder: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        (folder / file).write_bytes(data)

    return damage


def gone(*files: str) -> Damage:
    """Files that are missing."""
    return lambda folder: [(folder / file).unlink() for file in files]


def weights(change: Callable[[dict[str, Tensor]], object]) -> Damage:
    """The weights, changed and written anew."""

    def damage(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        change(tensors)
        (folder / WEIGHTS).unlink()
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})

    return damage


def pop(*names: str) -> Damage:
    """Tensors that are missing."""
    return weights(lambda tensors: [tensors.pop(name) for name in names])


def put(name: str, tensor: Tensor) -> Damage:
    """A tensor that is added, or another one."""
    return weights(lambda tensors: tensors.update({name: tensor}))


def cut(folder: Path) -> None:
    """The last bytes of the weights are missing."""
    data = (folder / WEIGHTS).read_bytes()
    content(WEIGHTS, data[:-100])(folder)


def shards(**names: Any) -> Damage:
    """The weights as one shard, with an index that says `names` beside it."""

    def damage(folder: Path) -> None:
        parts = dict.fromkeys(load_file(folder / WEIGHTS), "part.safetensors")
        (folder / WEIGHTS).rename(folder / "part.safetensors")
        about = {"metadata": {}, "weight_map": parts | names.pop("also", {})} | names
        (folder / INDEX).write_text(json.dumps(about))

    return damage


def vocabulary(change: Callable[[dict[str, Any]], object]) -> Damage:
    """The tokenizer as a tokenizer.json, changed."""

    def damage(folder: Path) -> None:
        AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
        (folder / "tokenizer.model").unlink(missing_ok=True)
        about = json.loads((folder / "tokenizer.json").read_text())
        change(about)
        (folder / "tokenizer.json").write_text(json.dumps(about))

    return damage


SPECIAL = {"id": 4100, "content": "<x>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
HUGE = 10**400

# name -> (what is damaged, words of the sentence)
TOKENIZERS: dict[str, tuple[Damage, str]] = {
    "none": (gone("tokenizer.model"), "neither tokenizer.json nor tokenizer.model"),
    "none, without settings": (gone("tokenizer.model", "tokenizer_config.json"), "there is no tokenizer"),
    "empty": (content("tokenizer.model", b""), "tokenizer.model"),
    "no SentencePiece": (content("tokenizer.model", b"hello" * 99), "no SentencePiece vocabulary"),
    "empty JSON": (content("tokenizer.json", b""), "tokenizer.json is no JSON"),
    "a list": (content("tokenizer.json", b"[]"), "tokenizer.json holds a list"),
    "an object": (content("tokenizer.json", b"{}"), "tokenizer.json"),
    "fewer rows than tokens": (setting(vocab_size=4000), r"token '.*' has the id 4000 \(and 95 more\).* 4000 rows"),
    "a BOS without a row": (setting("tokenizer_config.json", bos_token="<s>"), "'<s>' has the id 4096"),
    "a pad without a row": (setting("tokenizer_config.json", pad_token="[PAD]"), r"'\[PAD\]' has the id 4096"),
    "an unk without a row": (
        setting("tokenizer_config.json", unk_token="??"),
        "'??' has the id 4096".replace("?", r"\?"),
    ),
    "a piece without a row": (vocabulary(lambda j: j["model"]["vocab"].update({"zzz": 5000})), "'zzz' has the id 5000"),
    "an added token without a row": (
        vocabulary(lambda j: j["added_tokens"].append(SPECIAL | {"special": True})),
        "<x>",
    ),
    "an end without a row": (
        vocabulary(lambda j: j["post_processor"]["special_tokens"]["<bos>"].update(ids=[9999])),
        "'added at an end' has the id 9999",
    ),
    "specials alone": (
        vocabulary(lambda j: j["model"].update(merges=[], vocab=dict(list(j["model"]["vocab"].items())[:5]))),
        "the tokenizer knows no text",
    ),
    "a BOS that is a number": (setting("tokenizer_config.json", bos_token=5), "tokenizer_config.json.*bos_token"),
    "a BOS that is a list": (setting("tokenizer_config.json", bos_token=[0]), r"bos_token=\[0\] must be a text"),
    "a pad of nothing": (setting("tokenizer_config.json", pad_token={"": ""}), "pad_token={'': ''} must be a text"),
    "a switch that is none": (setting("tokenizer_config.json", add_eos_token="no"), "add_eos_token='no' must be true"),
    "a class without offsets": (setting("tokenizer_config.json", tokenizer_class="ByT5Tokenizer"), "knows no offsets"),
    "a longest text in words": (setting("tokenizer_config.json", model_max_length="x"), "tokenizer_config.json"),
}
HEADS: dict[str, tuple[Damage, str]] = {
    "none": (pop("score.weight", "score.bias"), r"no head .* \(score.bias, score.weight\); train one"),
    "no bias": (pop("score.bias"), "weights lack score.bias"),
    "no weight": (pop("score.weight"), "weights lack score.weight"),
    "other labels": (put("score.weight", torch.zeros(5, 192)), "another shape score.weight"),
    "labels that are counted twice": (setting(num_labels=5), "num_labels=5, but id2label has 11"),
    "another name": (put("classifier.weight", torch.zeros(11, 192)), "beyond what is wanted, classifier.weight"),
    "a part more": (put("score.scale", torch.zeros(11)), "score.scale"),
    "read as a language model": (setting(architectures=["Gemma2ForCausalLM"]), "head of a classifier"),
    "no architecture": (setting(architectures=None), "set architectures in config.json"),
    "read as a text classifier": (setting(architectures=["Gemma2ForSequenceClassification"]), "score.bias"),
    "an architecture that is a text": (setting(architectures="Gemma2ForTokenClassification"), "architectures=.*list"),
    "an empty list of architectures": (setting(architectures=[]), r"architectures=\[\] .* names no class"),
    "another architecture": (setting(architectures=["LlamaForCausalLM"]), "architectures .*LlamaForCausalLM.*allowed"),
    "labels as a list": (setting(id2label=["O", "B-PER"]), "id2label=.* dictionary"),
    "labels with a gap": (setting(id2label={"0": "O", "2": "B-PER"}), "id2label has the keys"),
    "labels of one name": (setting(id2label={"0": "O", "1": "O"}), "id2label gives the name 'O' to several classes"),
    "labels that are numbers": (setting(id2label={"0": 1}), "id2label=.* names as values"),
    "an input of another kind": (setting(workbench_input="twice"), "workbench_input='twice' is unknown"),
    "a direction in words": (setting(is_causal="no"), "is_causal='no' must be true or false"),
}
CONFIGS: dict[str, tuple[Damage, str]] = {
    "another model": (setting(model_type="llama"), "which transformers' llama does not read"),
    "no model": (content("config.json", b"{}"), "config.json names no model_type"),
    "a text for a number": (setting(head_dim="32"), "head_dim"),
    "true for a number": (setting(num_hidden_layers=True), "num_hidden_layers=True must be a whole number"),
    "a list for a number": (setting(hidden_size=[192]), "hidden_size"),
    "null for a number": (setting(vocab_size=None), "vocab_size"),
    "a negative number": (setting(num_hidden_layers=-6), "num_hidden_layers=-6 must be at least"),
    "a huge number": (setting(query_pre_attn_scalar=HUGE), "query_pre_attn_scalar=a number of more than 30 digits"),
    "layers without end": (setting(num_hidden_layers=10**9, layer_types=None), "must be at most 1000"),
    "more layers": (setting(num_hidden_layers=7, layer_types=None), "weights have 6 layers, but config.json says 7"),
    "another width": (setting(intermediate_size=2**31 - 1), "mlp.gate_proj.weight is 512 x 192, .*intermediate_size"),
    "a window beyond int64": (setting(sliding_window=2**63), "sliding_window=9223372036854775808 must be at most"),
    "a cap that float32 cannot hold": (setting(attn_logit_softcapping=1e308), r"attn_logit_softcapping=1e\+308"),
    "a cap that is not finite": (setting(final_logit_softcapping=float("inf")), "final_logit_softcapping=inf"),
    "a dtype that is none": (setting(dtype="nn"), "dtype='nn'"),
    "two rotary bases": (setting(rope_theta=5e5), "rope_theta=500000.0, but rope_parameters has another"),
    "a token outside": (setting(eos_token_id=4096), r"eos_token_id=4096 is outside the vocabulary 0\.\.4095"),
    "the name of a method": (setting(to_dict=3), "to_dict is the name of a part"),
    "layers of their own": (
        setting(per_layer_config={"0": {"head_dim": 8}}),
        "per_layer_config is not part of Gemma 2",
    ),
    "quantised": (setting(quantization_config={"quant_method": "gptq"}), "quantization_config"),
}
FILES: dict[str, tuple[Damage, str]] = {
    "no weights": (gone(WEIGHTS), "no weights in it: no model.safetensors"),
    "weights cut off": (cut, f"{WEIGHTS}: the weights cannot be read"),
    "weights that are none": (content(WEIGHTS, b"junk" * 99), f"{WEIGHTS}: the weights cannot be read"),
    "a pickle that is none": (
        lambda folder: (gone(WEIGHTS)(folder), content("pytorch_model.bin", b"junk")(folder)),
        "pytorch_model.bin: the weights cannot be read",
    ),
    "a weight is missing": (pop("model.layers.5.mlp.down_proj.weight"), "lack model.layers.5.mlp.down_proj.weight"),
    "a weight too many": (put("model.layers.0.self_attn.q_proj.bias", torch.zeros(192)), "q_proj.bias"),
    "a weight of another shape": (put("model.norm.weight", torch.zeros(191)), "another shape model.norm.weight"),
    "whole numbers": (put("model.norm.weight", torch.zeros(192, dtype=torch.int8)), "model.norm.weight as I8"),
    "bytes": (put("model.norm.weight", torch.zeros(192).to(torch.float8_e4m3fn)), "model.norm.weight as F8_E4M3"),
    "a shard is missing": (shards(also={"model.norm.weight": "other.safetensors"}), f"{INDEX} names 'other.safet"),
    "a shard elsewhere": (shards(also={"model.norm.weight": "../part.safetensors"}), f"{INDEX} names '../part"),
    "an index without names": (shards(weight_map=[]), f"{INDEX} has no weight_map"),
    "an index without metadata": (shards(metadata=None), f"{INDEX} has no metadata"),
    "a pipe for a file": (lambda folder: os.mkfifo(folder / "added_tokens.json"), "added_tokens.json is no file"),
    "an adapter": (content("adapter_config.json", b"{}"), "holds an adapter .* names no base_model_name_or_path"),
}
CASES = [
    *(("tiny", "tokenizer", name, *case) for name, case in TOKENIZERS.items()),
    *(("tiny-ner", "head", name, *case) for name, case in HEADS.items()),
    *(("tiny", "config", name, *case) for name, case in CONFIGS.items()),
    *(("tiny", "files", name, *case) for name, case in FILES.items()),
]


@pytest.mark.parametrize(
    ("model", "damage", "words"), [pytest.param(m, d, w, id=f"{kind}: {name}") for m, kind, name, d, w in CASES]
)
def test_a_broken_checkpoint(
    copy: Callable[[str], Path], model: str, damage: Damage, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = copy(model)
    damage(folder)
    capfd.readouterr()
    with pytest.raises((ModelNotFoundError, ValueError), match=words) as caught:
        load(folder)
    said = str(caught.value)
    assert said.startswith(str(folder))
    assert said.count(str(folder)) == 1
    assert "\n" not in said
    assert len(said) < 600 + len(str(folder))
    assert capfd.readouterr() == ("", "")


NO_OBJECTS = {
    b"": "is no JSON",
    b"{": "is no JSON",
    b"[]": "holds a list",
    b"3": "holds a number",
    b"null": "holds null",
    b'"x"': "holds a text",
    b'{"a": "\xe9"}': "is not UTF-8",
    b"\xef\xbb\xbf{}": "is no JSON .*BOM",
    b'{"a":' * 5000: "is nested too deeply",
    b'{"a": ' + b"9" * 5000 + b"}": "holds a number with too many digits",
}


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", INDEX]
)
def test_a_json_file_that_holds_no_object(copy: Callable[[str], Path], file: str) -> None:
    folder = copy("tiny")
    if file == INDEX:
        gone(WEIGHTS)(folder)
    for data, words in NO_OBJECTS.items():
        content(file, data)(folder)
        with pytest.raises(ModelNotFoundError, match=f"{file} {words}") as caught:
            load(folder)
        assert "\n" not in str(caught.value)


FINE: dict[str, Damage] = {
    "rotary frequencies of old": put("model.layers.0.self_attn.rotary_emb.inv_freq", torch.zeros(16)),
    "a tied head that is written out": weights(
        lambda tensors: tensors.update({"lm_head.weight": tensors["model.embed_tokens.weight"].clone()})
    ),
    "float64": weights(lambda tensors: tensors.update({name: value.double() for name, value in tensors.items()})),
    "shards": shards(),
    "a pipe that nobody reads": lambda folder: os.mkfifo(folder / "pytorch_model.bin"),
    "no settings of the tokenizer": gone("tokenizer_config.json"),
    "a tokenizer.json": vocabulary(lambda _: None),
    "the head left out": setting(architectures=["Gemma2Model"]),
    "outputs packed otherwise": setting(return_dict=False, output_hidden_states=True),
    "a scale that is no whole number": setting(query_pre_attn_scalar=24.5),
    "a window without end": setting(sliding_window=2**62),
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_unusual_but_right(copy: Callable[[str], Path], case: str) -> None:
    folder = copy("tiny")
    FINE[case](folder)
    assert capture(load(folder), "Anna met Bob in Paris.").parity.holds


def test_padding_rows_beyond_the_tokenizer_are_usual(copy: Callable[[str], Path]) -> None:
    folder = copy("tiny")
    weights(
        lambda tensors: tensors.update(
            {"model.embed_tokens.weight": torch.cat([tensors["model.embed_tokens.weight"], torch.zeros(64, 192)])}
        )
    )(folder)
    setting(vocab_size=4160)(folder)
    assert capture(load(folder), "Anna met Bob").parity.holds


@pytest.mark.parametrize(
    "command", [["trace", "hi", "--out", "a.safetensors"], ["classify", "hi"], ["evaluate", "x.conll"], ["mask", "hi"]]
)
def test_every_command_refuses_a_model_without_a_tokenizer(
    copy: Callable[[str], Path],
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.conll").write_text("Anna\tB-PER\n")
    folder = copy("tiny-ner")
    gone("tokenizer.model")(folder)
    before = set(tmp_path.iterdir())
    assert main([*command, "--model", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no tokenizer in it: neither tokenizer.json nor tokenizer.model" in line
    assert set(tmp_path.iterdir()) == before
