"""One thread at a time builds or loads a model.

transformers does both under patches that hold for the whole process, such as of the tying of weights and of torch's
default dtype: two loads at once have lost weights that are there, and given numbers of another precision.
"""

import threading

BUILDING = threading.RLock()
