"""What if the cap were another one? How far the next-token prediction moves as the attention softcap is lowered.

KL is 0 where the cap changes nothing. All points but the model's own cap are of a modified model.
"""

import numpy as np

from gemma2_workbench import SetSoftcap, load, predict, tokenize
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import Curve, FigureSpec, Guide, Series
from gemma2_workbench.models.loading import gemma2_of

WIDTH = "single"
TEXTS = {
    "speech": "The President of the United States met the Prime Minister of Canada in the City of",
    "repeats": "red blue green seven nine red blue green seven nine red blue green",
}
CAPS = np.array([1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 60])


def figure() -> FigureSpec:
    """KL of the changed prediction from the real one for two texts."""
    loaded = gemma2_of(load())
    lines = []
    for name, text in TEXTS.items():
        ids = tokenize(loaded.tokenizer, text).ids
        real = predict(loaded, ids)
        moved = [predict(loaded, ids, [SetSoftcap(float(cap))]).divergence_from(real) for cap in CAPS]
        lines.append(Series(name, CAPS.astype(float), np.array(moved)))
    own = loaded.config.attn_logit_softcapping
    guides = () if own is None else (Guide("x", own, f"the model's own cap, {own:g}"),)
    return Curve(tuple(lines), "attention softcap (logits)", "KL from the real prediction (nats)", guides=guides)


if __name__ == "__main__":
    print(export(figure(), "softcap_what_if.pdf", width=WIDTH))
