"""Figures: `spec` says what is drawn, `screen` (plotly) and `paper` (matplotlib) draw it, `colours` paints both."""
