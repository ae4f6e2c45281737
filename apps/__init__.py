"""Gradio applications: the only room that knows a browser."""
