"""How long the threads of torch wait awake for each other: briefly, then asleep.

Imported before torch. Its OpenMP otherwise waits awake for several milliseconds at the end of every operation; as soon
as another program keeps a core busy, these waits are most of the time that a run takes, and of the processor's.
"""

import os

# About 50 microseconds: longer than the pause between two operations of a run, far shorter than a slice of the system.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
