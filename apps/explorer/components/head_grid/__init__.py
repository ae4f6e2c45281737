"""A layer x head grid to choose a head from, coloured by a number per head."""
