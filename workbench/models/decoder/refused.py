"""`RefusedError`: what a model does that cannot be shown exactly, in one sentence."""


class RefusedError(ValueError):
    """Part of a model cannot be shown as it is; the message says which, and why."""
