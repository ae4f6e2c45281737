"""What JSON holds, as types.

An object's parts are of no known type here: whoever looks into one has made it, or has checked it with a schema.
"""

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
