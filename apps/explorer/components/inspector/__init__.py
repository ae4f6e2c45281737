"""One cell of an attention map and its whole story, beside the map."""

from gemma2_workbench.apps.explorer.components.inspector.component import inspector_value, inspector_view

__all__ = ["inspector_value", "inspector_view"]
