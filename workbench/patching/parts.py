"""What can be patched, and by what: plain names, which the commands need before anything is loaded."""

BY = ("position", "head")
# How a sentence calls what is patched, by its hook point.
PARTS = {"resid_pre": "residual stream", "head_out": "output of heads", "attn_probs": "attention of heads"}
