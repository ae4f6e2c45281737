"""The head view: tokens in two columns, lines from each query to the keys it attends to, several heads at once."""
