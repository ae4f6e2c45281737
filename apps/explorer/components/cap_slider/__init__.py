"""A slider over softcaps, from a small one to none at all."""
