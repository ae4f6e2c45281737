"""The tabs of the explorer, one file each; `view.py` makes the tab of any view that has none of its own."""
