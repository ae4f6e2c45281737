"""What a run needs of a model: weights, tokens, layers, and the proof that its numbers are right.

Beside this file stands what others take: `load`, `Source` and what it is made of, tokens. In the rooms: `reading`,
`weights`, `machine`, `parity`, and the two kinds of models that there are, `gemma2` and `decoder`.
"""
