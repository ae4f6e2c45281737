"""Local and global layers side by side: the share of attention that reaches beyond the sliding window."""

import torch

from gemma2_workbench import capture, load

loaded = load()
text = "It is a truth universally acknowledged, that a single man in possession of a good fortune must want a wife. "
trace = capture(loaded, text * 4)

T = len(trace.tokens)
window = next(layer.window for layer in trace.layers if layer.window is not None)
too_far = torch.arange(T)[:, None] - torch.arange(T) >= window
for layer in trace.layers:
    shares = [float(trace.stage(layer.index, head).nan_to_num()[too_far].sum() / T) for head in range(trace.heads)]
    print(
        f"layer {layer.index} {layer.kind:6} beyond {window} tokens: " + " ".join(f"{share:5.1%}" for share in shares)
    )
