"""`AttentionMaskVisualizer` under the name of the model's package; the workbench, which lies above, draws it."""

from importlib import import_module

AttentionMaskVisualizer = import_module("gemma2_workbench.masks.visualizer").AttentionMaskVisualizer
