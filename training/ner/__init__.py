"""Named-entity recognition on the embedded language model.

In the order in which they run: `labeller` (spaCy labels the training text), `silver` (labels after our definitions,
votes and templates make the training data), `train`, `evaluate` (gold set in `gold/`, beside spaCy's stored answers
from `reference`), `card`. spaCy is needed by `labeller` and `reference` alone, seqeval by `train` and `evaluate`.
"""
