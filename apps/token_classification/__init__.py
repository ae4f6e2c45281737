"""Classify: the labels of a text, and why each word has its own; errors of a file whose labels are known."""
