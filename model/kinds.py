"""Kinds of values in words: of one that was given, and of those that a field may hold."""

from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

GIVEN = {
    NoneType: "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}
# transformers takes no whole number where a field is a float.
_ALLOWED = GIVEN | {NoneType: "None", int: "a whole number", float: "a number with a point, such as 1.0"}
_UNIONS = (Union, UnionType)


def kind(value: object) -> str:
    """The kind of a value in words, those of JSON for what a JSON file may hold."""
    return GIVEN.get(type(value), f"a {type(value).__name__}")


def kinds(annotation: object) -> str:
    """What the annotation of a field allows, in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in _UNIONS:
        either = {int: "a number"} if {int, float} <= set(parts) else {}
        words = [either.get(part) or kinds(part) for part in parts if not (either and part is float)]
        return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin is list:
        inner = {int: "whole numbers", str: "texts"}.get(parts[0])
        return f"a list of {inner}" if inner else "a list"
    plain = dict if isinstance(annotation, type) and issubclass(annotation, dict) else origin or annotation
    return _ALLOWED.get(plain, f"a {getattr(plain, '__name__', plain)}")
