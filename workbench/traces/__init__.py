"""One run of one text: the pass that reads it, what it keeps, and files of it."""
