"""HeadVis data: the shapes of the published contract, and numbers that a dense map gives too."""

import json
from pathlib import Path

import numpy as np
import pytest

from gemma2_workbench import AblateHead, LoadedModel, Sweep, Trace, capture, head_page
from gemma2_workbench.apps.cli import main
from gemma2_workbench.headvis import head_data, save, save_sweep

# Literal samples from the docstrings of data_pipeline.py of anthropics/headvis.
SCATTER = '{"layer": 0, "head": 0, "induction_score": 0.42, "self_attention_score": 0.01}'
SEQUENCE = {
    "sequence_id": int,
    "interval": int,
    "tokens": list,
    "attention_indices": list,
    "attention_values": list,
    "seq_len": int,
    "max_activation": float,
}
HEAD = {"sequences", "qk_distance_histogram", "top_query_tokens", "top_key_tokens", "histogram", "statistics"}
CONFIG = {
    "model_name": str,
    "heads": list,
    "n_layers": int,
    "n_heads": int,
    "n_intervals": int,
    "metrics": list,
    "metric_descriptions": dict,
    "head_data_pattern": str,
    "has_umap": bool,
    "umap_heads": list,
    "custom_plots": list,
    "custom_tables": list,
    "statistics_display": dict,
}


@pytest.fixture(scope="module")
def traces(loaded: LoadedModel, trace: Trace) -> list[Trace]:
    return [trace, capture(loaded, "A rose is a rose is a rose.", parity=False), capture(loaded, "a", parity=False)]


@pytest.fixture(scope="module")
def folder(traces: list[Trace], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(traces, tmp_path_factory.mktemp("headvis") / "data", [(1, 2), (4, 0)])


def dense(trace: Trace, layer: int, head: int) -> np.ndarray:
    return trace.stage(layer, head).nan_to_num().double().numpy()


def test_the_folder_is_what_the_viewer_looks_for(folder: Path) -> None:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json"))
    assert files == [
        "attributions/manifest.json",
        "config.json",
        "heads/L1H2.json",
        "heads/L4H0.json",
        "scatter_data.json",
        "server_config.json",
    ]
    config = json.loads((folder / "config.json").read_text())
    assert {name: type(value) for name, value in config.items()} == CONFIG
    assert config["heads"] == [[1, 2], [4, 0]]
    assert config["head_data_pattern"] == "L{layer}H{head}.json"
    rows = json.loads((folder / "scatter_data.json").read_text())
    assert all(set(json.loads(SCATTER)) <= set(row) for row in rows)
    assert all(set(config["metrics"]) | {"layer", "head"} == set(row) for row in rows)
    head = json.loads((folder / "heads/L1H2.json").read_text())
    assert set(head) == HEAD
    for sequence in head["sequences"]:
        assert {name: type(value) for name, value in sequence.items()} == SEQUENCE
    for plot in config["custom_plots"]:
        values = head[plot["key"]]
        assert len(values["bin_edges"]) == len(values["bin_values"]) + 1
    for tables in config["custom_tables"]:
        assert all(set(row) == {"token", "weight"} for row in head[tables["key"]])
    assert set(config["statistics_display"]) == set(head["statistics"])


def test_sequences_hold_the_largest_cells_of_the_dense_map(traces: list[Trace]) -> None:
    for trace, sequence in zip(traces, head_data(traces, 4, 0)["sequences"], strict=True):
        T = sequence["seq_len"]
        full = dense(trace, 4, 0)
        assert T == len(sequence["tokens"]) == len(full)
        sparse = np.zeros_like(full)
        sparse.flat[sequence["attention_indices"]] = sequence["attention_values"]
        kept = sparse > 0
        np.testing.assert_allclose(sparse[kept], full[kept], atol=5.1e-5)
        for row, is_kept in zip(full, kept, strict=True):
            assert is_kept.sum() == min(8, (row >= 0.005).sum())
            assert row[~is_kept].max(initial=0) <= row[is_kept].min()
        assert sequence["max_activation"] == pytest.approx(full[1:, 1:].max(initial=0), abs=5.1e-5)
        assert sequence["attention_indices"] == sorted(sequence["attention_indices"])


def test_intervals_rank_the_sequences_from_low_to_high(traces: list[Trace]) -> None:
    sequences = sorted(head_data(traces, 1, 2)["sequences"], key=lambda sequence: sequence["max_activation"])
    assert [sequence["interval"] for sequence in sequences] == [1, 2, 3]


def test_metrics_are_those_of_the_definitions(traces: list[Trace], folder: Path) -> None:
    row = json.loads((folder / "scatter_data.json").read_text())[0]
    maps = [dense(trace, 1, 2) for trace in traces]
    queries = sum(map(len, maps))
    mass = np.concatenate([m.ravel() for m in maps])
    far = np.concatenate([np.abs(np.subtract.outer(range(len(m)), range(len(m)))).ravel() for m in maps])
    mean = np.average(far, weights=mass)
    induction = []
    for trace, m in zip(traces, maps, strict=True):
        ids = trace.tokens.ids
        for q in range(len(ids)):
            before = [j for j in range(q) if ids[j] == ids[q]]
            induction += [sum(m[q, j + 1] for j in before)] if before else []
    wanted = {
        "self_attention_score": sum(np.trace(m) for m in maps) / queries,
        "previous_token_score": sum(np.trace(m, -1) for m in maps) / (queries - len(maps)),
        "pattern_entropy": -sum((m[m > 0] * np.log(m[m > 0])).sum() for m in maps) / queries,
        "qk_distance": mean,
        "qk_distance_variance": np.average((far - mean) ** 2, weights=mass),
        "induction_score": np.mean(induction),
    }
    for name, value in wanted.items():
        assert row[name] == pytest.approx(value, abs=2e-4), name


def test_a_text_of_one_token_has_no_metric_that_needs_two(loaded: LoadedModel, tmp_path: Path) -> None:
    save([capture(loaded, "<bos>", parity=False)], tmp_path, [(0, 0)])
    row = json.loads((tmp_path / "scatter_data.json").read_text())[0]
    assert row["previous_token_score"] is None
    assert row["induction_score"] is None
    assert row["self_attention_score"] == 1


def test_a_modified_model_says_so_and_does_not_mix_with_the_real_one(
    loaded: LoadedModel, traces: list[Trace], tmp_path: Path
) -> None:
    changed = capture(loaded, "a", interventions=[AblateHead(0, 1)], parity=False)
    save([changed], tmp_path, [(0, 0)])
    name = json.loads((tmp_path / "config.json").read_text())["model_name"]
    assert name == f"{loaded.name} (modified: {changed.changes[0]})"
    with pytest.raises(ValueError, match="changed differently"):
        head_data([*traces, changed], 0, 0)


def test_wrong_requests_say_what_is_wrong(traces: list[Trace], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one trace"):
        head_data([], 0, 0)
    with pytest.raises(ValueError, match="layer 99 does not exist"):
        save(traces, tmp_path / "data", [(0, 0), (99, 0)])
    assert not (tmp_path / "data").exists()


def test_the_command_writes_the_folder_of_the_heads_that_are_asked_for(tmp_path: Path, capsys) -> None:
    arguments = ["headvis", "--text", "Anna met Bob.", "--text", "Bob met Anna.", "--out", str(tmp_path / "data")]
    assert main([*arguments, "--head", "1.2", "5.3"]) == 0
    assert "2 heads, 2 sequences" in capsys.readouterr().out
    assert sorted(file.name for file in (tmp_path / "data" / "heads").iterdir()) == ["L1H2.json", "L5H3.json"]
    assert main([*arguments, "--head", "L1H2"]) == 2
    assert "write LAYER.HEAD" in capsys.readouterr().err
    assert main([*arguments, "--head", "9.0"]) == 2
    assert "layer 9 does not exist" in capsys.readouterr().err


def test_a_sweep_gives_scores_over_its_texts_and_its_examples(swept: Sweep, tmp_path: Path) -> None:
    folder = save_sweep(swept, tmp_path / "data", [(5, 3)])
    (scatter,) = json.loads((folder / "scatter_data.json").read_text())
    rows = swept.heads.loc[(swept.heads["layer"] == 5) & (swept.heads["head"] == 3)].set_index("statistic")
    assert scatter["induction_score"] == pytest.approx(rows.at["induction", "tokens_mean"], abs=1e-4)
    assert scatter["qk_distance_variance"] is None
    head = json.loads((folder / "heads" / "L5H3.json").read_text())
    assert set(head) == HEAD
    assert set(json.loads((folder / "config.json").read_text())) == set(CONFIG)
    cells = {
        ("".join(each["tokens"]), index): value
        for each in head["sequences"]
        for index, value in zip(each["attention_indices"], each["attention_values"], strict=True)
    }
    for example in head_page(swept, 5, 3).of("induction"):
        text = "".join(token.replace("▁", " ") for token in example.tokens)
        peak = cells[text, example.query * len(example.tokens) + example.peak]
        assert peak == pytest.approx(example.row.max(), abs=1e-4)
    with pytest.raises(ValueError, match=r"layer 6, head 0 does not exist; layers are 0..5"):
        save_sweep(swept, tmp_path / "more", [(6, 0)])
