"""What a user may choose about labels and their reasons. Imports nothing heavy: the command line declares its flags."""

VARIANTS = ("causal", "echo", "bidirectional")
LABEL_TOKENS = ("first", "last", "mean")
REASONS = ("saliency", "heads", "removals", "attention")
LABELS = ("entities", "words", "tokens")
METHODS = ("integrated_gradients", "gradient_x_input")
