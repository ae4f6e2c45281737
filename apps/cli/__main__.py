"""`python -m gemma2_workbench.apps.cli` is `gemma2-workbench`."""

import sys

from gemma2_workbench.apps.cli import main

sys.exit(main())
