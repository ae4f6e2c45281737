"""A second family needs one `Source`: a toy decoder with other names, no post-norms and no caps runs through all."""

import copy
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pytest
import torch
from torch import Tensor, nn

from gemma2_workbench import AblateHead, SetSoftcap, SetWindow, capture, estimate, load, load_trace, save_trace, table
from gemma2_workbench.figures.spec import HeadGrid, Panels
from gemma2_workbench.model.equation import attention_logits, mix_values, probabilities, softcap
from gemma2_workbench.model.hooks import HookPoint, Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.layers import LayerInfo, Shape
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.source import POINTS, Source
from gemma2_workbench.models.unembedding import Unembedding
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.traces.readers.contributions import Contributions
from gemma2_workbench.traces.readers.lens import Lens
from gemma2_workbench.traces.readers.prediction import Prediction
from gemma2_workbench.views import view_named

N, G, H, D = 4, 2, 8, 16
TEXT = "The cat sat on the mat."


class Block(nn.Module):
    """Attention and a linear layer, each added to the stream as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.out = nn.Linear(D, N * H), nn.Linear(D, 2 * G * H), nn.Linear(N * H, D)
        self.linear, self.cap = nn.Linear(D, D), None
        self.at = nn.ModuleDict({name: HookPoint() for name in POINTS})

    def forward(self, resid: Tensor) -> Tensor:
        at, (B, T, _) = self.at, resid.shape
        resid = at["resid_pre"](resid)
        q = at["q_rot"](self.q(resid).view(B, T, N, H).transpose(1, 2))
        k, v = self.k(resid).view(B, T, 2 * G, H).transpose(1, 2).split(G, dim=1)
        k, v, span = at["k_rot"](k), at["v"](v), Span(range(T), range(T))
        scores = at["attn_scores"](softcap(at["attn_logits"](attention_logits(q, k, 0.3), span), self.cap), span)
        probs = at["attn_probs"](probabilities(scores, Mask().hidden_parts(range(T), range(T))), span)
        mixed = at["head_out"](mix_values(probs, v)).transpose(1, 2).reshape(B, T, -1)
        resid = resid + at["attention_out"](self.out(mixed))
        return resid + at["mlp_out"](self.linear(resid))


class Decoder(nn.Module):
    """Two blocks between an embedding and a head."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(vocabulary, D), nn.Linear(D, vocabulary, bias=False)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.final_logits, self.capped_logits = HookPoint(), HookPoint()

    def states(self, ids: Tensor) -> Tensor:
        resid = self.embed(ids)
        for block in self.blocks:
            resid = block(resid)
        return resid

    def forward(self, ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        return self.capped_logits(self.final_logits(self.head(self.states(ids))))


class ToyUnembedding:
    """No norm and no cap."""

    softcap, known = None, True

    def __init__(self, head: nn.Linear) -> None:
        self.head, self.vocabulary = head, head.out_features

    def logits(self, resid: Tensor) -> tuple[Tensor, Tensor]:
        return self.head(resid), self.head(resid)

    def logits_of(self, resid: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        found = (resid * self.head.weight[ids]).sum(-1)
        return found, found

    def directions(self, ids: Tensor) -> Tensor:
        return self.head.weight[ids]

    def divisor(self, resid: Tensor) -> Tensor:
        return torch.ones(len(resid))

    def constants(self, ids: Tensor) -> None:
        return None


class Toy:
    """The toy decoder as a `Source`."""

    name = source = kind = "toy"
    revision = weights_sha256 = None
    weights = WeightsInfo()
    dtype, device, causal, reference_name = "float32", "cpu", True, "nothing"
    points, tier, maps_only = frozenset(POINTS), "all stages", ""

    def __init__(self, model: Decoder, tokenizer: Any, changes: Sequence[str] = ()) -> None:
        self.changes = tuple(changes)
        self.model, self.tokenizer, self.lock = model, tokenizer, threading.RLock()
        self.shape = Shape(len(model.blocks), N, G, H, D, D, longest=64)

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        return tuple(LayerInfo(at, "full", None, self._block(at).cap, 0.3, causal=True) for at in range(2))

    @property
    def unembedding(self) -> Unembedding:
        return ToyUnembedding(self.model.head)

    def point(self, layer: int | str, what: str) -> str:
        return f"blocks.{layer}.at.{what}"

    def log_sum_point(self, layer: int) -> None:
        return None

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        last = self.model.states(inputs)
        if positions:
            self.model.capped_logits(self.model.final_logits(self.model.head(last[:, list(positions)])))
        return last

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        out = self._block(layer).out.weight.unflatten(1, (N, H))
        return torch.stack([(v_GTH[head * G // N] @ out[:, head].T).norm(dim=-1) for head in range(N)])

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        out = self._block(layer).out
        return along_TD @ out.weight, along_TD @ out.bias

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        return type(self)(copy.deepcopy(self.model), self.tokenizer, changes)

    def in_blocks(self, rows: int) -> Self:
        return self

    def set_softcap(self, layer: int, cap: float | None) -> None:
        self._block(layer).cap = cap

    def set_window(self, layer: int, window: int | None) -> None:
        raise ValueError("the toy has no windows")

    def set_causal(self, causal: bool) -> None:
        raise ValueError("the toy is causal")

    def set_final_softcap(self, cap: float | None) -> None:
        raise ValueError("the toy has no final cap")

    def outputs(self, ids_1T: Tensor) -> Outputs:
        return Outputs(self.model(ids_1T), ())

    def reference_outputs(self, ids_1T: Tensor) -> Outputs:
        raise ValueError("the toy has nothing to be compared with")

    def reference(self) -> nn.Module:
        raise ValueError("the toy has nothing to be compared with")

    def trial(self, layer: int, tokens: int, rows: int) -> Any:
        return lambda: self._block(layer)(torch.randn(1, rows, D))

    def _block(self, layer: int) -> Any:
        return self.model.blocks[layer]


@pytest.fixture(scope="module")
def toy() -> Source:
    torch.manual_seed(0)
    tokenizer = load("tiny").tokenizer
    return Toy(Decoder(len(tokenizer)).eval(), tokenizer)


READ = ("attention", "folds", "lens", "contributions", "prediction")


def test_maps_lens_and_contributions_are_the_toys_own(toy: Source) -> None:
    trace = capture(toy, TEXT, read=READ, parity=False)
    ids = torch.tensor([trace.tokens.ids])
    maps: list[Tensor] = []
    block: Any = toy.model.get_submodule("blocks.1.at.attn_probs")
    handle = block.register_forward_hook(lambda _module, _args, out: maps.append(out[0]))
    with torch.no_grad():
        logits_TV = toy.model(ids)[0]
    handle.remove()
    for head in range(N):
        assert torch.allclose(trace.stage(1, head).nan_to_num(), maps[0][head], atol=1e-6)
    assert torch.allclose(trace.reading("prediction", Prediction).logits, logits_TV[-1], atol=1e-6)
    lens = trace.reading("lens", Lens)
    assert torch.equal(lens.top_ids[-1, :, 0].long(), logits_TV.argmax(-1))
    parts = trace.reading("contributions", Contributions)
    assert parts.remainder.abs().max() < 1e-5


def test_changes_reach_it_and_figures_take_its_kind_of_layer(toy: Source, tmp_path: Path) -> None:
    before = capture(toy, TEXT, parity=False)
    after = capture(toy, TEXT, parity=False, interventions=[AblateHead(0, 1), SetSoftcap(0.5)])
    assert all(effect.changed for effect in after.effects)
    assert [layer.softcap for layer in before.layers] == [None, None]
    with pytest.raises(ValueError, match="no window to change"):
        capture(toy, TEXT, parity=False, interventions=[SetWindow(2)])
    figure = view_named("atlas").figure(table(before, "atlas"))
    assert isinstance(figure, Panels)
    assert {kind for part in figure.figures if isinstance(part, HeadGrid) for kind in part.kinds} == {"full"}
    assert estimate(toy, 8, parity=False, lens=True).seconds > 0
    save_trace(after, tmp_path / "toy.trace")
    assert load_trace(tmp_path / "toy.trace") == after
