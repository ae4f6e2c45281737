"""What the parts of a transformers model are, found by watching a pass and not by their names."""
