"""Head importance, measured: each head is set to zero and the next-token prediction compared with the real one.

An effect is a fact about the model; a bright attention map is not. All runs but one are of a modified model.
"""

import numpy as np

from gemma2_workbench import AblateHead, load, predict, tokenize
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec, HeadGrid, Scale
from gemma2_workbench.models.loading import gemma2_of

WIDTH = "single"
TEXT = "red blue green seven nine red blue green seven nine red blue"


def figure() -> FigureSpec:
    """KL of the prediction without each head from the real one."""
    loaded = gemma2_of(load())
    config = loaded.config
    ids = tokenize(loaded.tokenizer, TEXT).ids
    real = predict(loaded, ids)
    effects = np.zeros((config.num_hidden_layers, config.num_attention_heads))
    for layer, head in np.ndindex(effects.shape):
        effects[layer, head] = predict(loaded, ids, [AblateHead(layer, head)]).divergence_from(real)
    kinds = tuple("global" if config.window(layer) is None else "local" for layer in range(len(effects)))
    shared = config.num_attention_heads // (config.num_key_value_heads or config.num_attention_heads)
    scale = Scale("sequential", 0.0, float(effects.max()), "KL without the head (nats)")
    return HeadGrid(effects, kinds, shared, scale, text=True)


if __name__ == "__main__":
    print(export(figure(), "head_importance.pdf", width=WIDTH))
