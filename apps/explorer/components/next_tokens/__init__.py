"""Next tokens with their probability before and after a change of the model."""
