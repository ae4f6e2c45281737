"""Traces without a model: the real class over random queries, keys and values."""

from collections.abc import Callable, Sequence

import pytest
import torch

from gemma2_workbench import LayerInfo, Tokens, Trace
from gemma2_workbench.models.parity import unchecked
from gemma2_workbench.traces.derive import LayerTensors, derive
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.traces.trace import ModelInfo

WIDTH = 8
SCALE = WIDTH**-0.5
CAP = 20.0


def random_layer(info: LayerInfo, heads: int, kv_heads: int, tokens: int, generator: torch.Generator) -> LayerTensors:
    """Random tensors whose log sums fit, so that the rows of the probabilities sum to 1."""

    def draw(*shape: int) -> torch.Tensor:
        return 3 * torch.randn(*shape, generator=generator)

    tensors = LayerTensors(
        q=draw(heads, tokens, WIDTH),
        k=draw(kv_heads, tokens, WIDTH),
        v=draw(kv_heads, tokens, WIDTH),
        log_sum=torch.zeros(heads, tokens),
        value_norms=draw(heads, tokens).abs(),
    )
    for head in range(heads):
        score_QS = derive(info, tensors, head, STAGES["attn_masked"], range(tokens), range(tokens))
        tensors.log_sum[head] = score_QS.nan_to_num(nan=-torch.inf).logsumexp(-1)
    return tensors


@pytest.fixture(scope="session")
def make_trace() -> Callable[..., Trace]:
    """`make_trace(display, layers=4, heads=4, kv_heads=2, window=5)`; even layers are local."""

    def make(display: Sequence[str], layers: int = 4, heads: int = 4, kv_heads: int = 2, window: int = 5) -> Trace:
        count = len(display)
        generator = torch.Generator().manual_seed(0)
        infos = tuple(
            LayerInfo(i, "global" if i % 2 else "local", None if i % 2 else window, CAP, SCALE, causal=True)
            for i in range(layers)
        )
        return Trace(
            tokens=Tokens("".join(display), tuple(range(count)), tuple(display), ((0, 0),) * count, (False,) * count),
            model=ModelInfo("random", "random", None, None, "float32", "cpu"),
            layers=infos,
            heads=heads,
            kv_heads=kv_heads,
            readings={
                "attention": [random_layer(info, heads, kv_heads, count, generator) for info in infos],
                "folds": {},
            },
            parity=unchecked("nothing"),
            interventions=(),
            effects=(),
            block_rows=128,
            seconds=0.0,
        )

    return make
