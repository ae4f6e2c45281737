"""Find the induction head of the embedded model on a repeated sequence, and draw what it attends to."""

from workbench import capture, load, view_named
from workbench.export import export

loaded = load()
words = "river stone paper green seven window horse market silver bread "
trace = capture(loaded, words + words)

scores = trace.table("atlas", metric="induction").sort_values("value", ascending=False)
best = scores.iloc[0]
print(f"layer {best['layer']} head {best['head']} ({best['kind']}) puts {best['value']:.0%} of its attention on what")
print("followed the earlier occurrence of the same token")

view = view_named("attention")
frame = view.table(trace, layer=int(best["layer"]), head=int(best["head"]))
print(export(view.figure(frame), "induction_head.pdf", venue="acl"))
