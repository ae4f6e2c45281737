"""`python -m workbench.cli` is `gemma2-workbench`."""

import sys

from workbench.cli import main

sys.exit(main())
