"""Reasons for a label: gradients, heads switched off, words removed, another mask; each says what it does not show."""
