"""HeadVis: heads of a trace as the data folder that Anthropic's viewer of attention heads reads."""

from gemma2_workbench.headvis.folder import head_data, save

__all__ = ["head_data", "save"]
