"""Activation patching: which part of a run, taken from another one, brings its prediction along."""
