"""The numbers of a model: what is to be said of them, wherever and however they are kept."""
