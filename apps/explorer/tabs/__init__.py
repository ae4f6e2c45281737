"""The tabs of the explorer, one a file with `build(shared)`; `order` puts them in a row."""
