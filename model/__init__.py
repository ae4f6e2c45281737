"""The instrumented Gemma 2: transformers' base classes and files, our own readable attention, named hook points."""

import lazy_loader

# From __init__.pyi, name by name: what names a reason for which a cell is hidden need not load torch.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
