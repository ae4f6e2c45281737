"""Serving a page: who may come in, how much they may ask for, and what a browser is told about it."""
