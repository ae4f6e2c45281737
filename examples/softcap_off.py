"""What the softcap does: run a text with the model's own cap, with a low one and with none."""

from gemma2_workbench import SetSoftcap, capture, load, predict
from gemma2_workbench.views import table

loaded = load()
text = "The President of the United States met the Prime Minister of Canada in the City of"
trace = capture(loaded, text)
largest = table(trace, "softcap", metric="largest_logit")["value"].max()
print(f"largest attention logit {largest:.1f}, cap {trace.layers[0].softcap:g}")

real = predict(loaded, trace.tokens.ids)
for cap in (None, 20.0, 5.0, 1.0):
    changed = predict(loaded, trace.tokens.ids, [SetSoftcap(cap)])
    best = loaded.tokenizer.decode([int(changed.capped.argmax())])
    print(f"{SetSoftcap(cap).sentence:24} KL {changed.divergence_from(real):.4f} nats, most likely next: {best!r}")
