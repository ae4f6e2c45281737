"""Named-entity recognition on the embedded language model: silver data, training, gold test set, evaluation."""
