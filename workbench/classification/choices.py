"""What a user may choose about labels and their reasons. Imports nothing heavy: the command line declares its flags.

`EXPLANATIONS` is the registry: the name of each explanation and where its class is. To add one: its file and a line.
"""

VARIANTS = ("causal", "echo", "bidirectional")
LABEL_TOKENS = ("first", "last", "mean")
_HOME = "gemma2_workbench.classification.explanations"
EXPLANATIONS = {
    "saliency": f"{_HOME}.saliency:Saliency",
    "heads": f"{_HOME}.head_ablation:HeadEffects",
    "leave_one_out": f"{_HOME}.leave_one_out:LeaveOneOut",
    "attention": f"{_HOME}.attention:Attention",
    "faithfulness": f"{_HOME}.faithfulness:Faithfulness",
    "swap": f"{_HOME}.swap:WordSwap",
    "masks": f"{_HOME}.masks:MaskCost",
}
# What records and commands of earlier versions call them.
FORMER_NAMES = {"removals": "leave_one_out"}
LABELS = ("entities", "words", "tokens")
METHODS = ("integrated_gradients", "gradient_x_input")
UNITS = ("token", "word", "entity", "all")
