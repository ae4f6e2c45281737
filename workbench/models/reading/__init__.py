"""From the name of a model to files that fit: where they lie, what is checked of them before a number is read."""
