"""Masks for any situation: the setting, each layer's mask in each pass, reach, words and text."""
