"""Attention that transformers calls: the function that is registered, and the equation behind it."""
