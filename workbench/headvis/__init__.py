"""HeadVis: heads of traces or of a sweep as the data folder that Anthropic's viewer of attention heads reads."""

from gemma2_workbench.headvis.of_sweep import save_sweep
from gemma2_workbench.headvis.of_traces import head_data, save

__all__ = ["head_data", "save", "save_sweep"]
