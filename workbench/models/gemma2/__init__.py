"""Gemma 2 as a `Source`: our own readable model, with all hook points."""
