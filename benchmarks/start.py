"""What commands take from a cold start, beside what they cannot do without: torch, and transformers' own Gemma 2.

`python -m benchmarks.start`: each command in a process of its own, with processor and wall seconds of each part. Every
run is compared with transformers' eager model, so its module is part of the floor. Compiled modules are kept as Python
keeps them: each command runs once before it is measured.
"""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

TEXT = "Anna met Bob. Later Anna met Bob"
COMMANDS = {
    "trace": ["trace", TEXT, "--out", "run.safetensors"],
    "table": ["table", "attention", "--text", TEXT, "--layer", "1", "--out", "map.csv"],
    "figure": ["figure", "attention", "--text", TEXT, "--layer", "1", "--out", "map.pdf"],
}
FLOOR = ("torch", "transformers", "transformers.modeling_utils", "transformers.models.gemma2.modeling_gemma2")
# As somebody types it: main without words takes those of the process, and the process is its own.
QUIETLY = """
import os, sys
sys.stdout = open(os.devnull, "w")
from gemma2_workbench.apps.cli import main
sys.exit(main())
"""
# As the command itself does, no garbage is looked for while modules load.
PARTS = """
import contextlib, gc, importlib, os, sys, time
from gemma2_workbench.apps.cli.put_off import FINDER
gc.disable()
sys.meta_path.insert(0, FINDER)
last = [0.0, time.time()]
def told(what):
    now = [time.process_time(), time.time()]
    print(f"  {what:50}{now[0] - last[0]:6.2f} cpu s{now[1] - last[1]:7.2f} s")
    last[:] = now
for name in sys.argv[1].split(","):
    importlib.import_module(name)
    told(name)
from gemma2_workbench.apps.cli import main
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    assert main(sys.argv[2:]) == 0
told("all else of the command")
"""


# Without it the hundreds of modules of the workbench would be compiled in each run, which a user does once.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
TIMES = 5


def main() -> None:
    """Print the parts of each command, and its median as a user runs it."""
    for name, words in COMMANDS.items():
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as folder:

            def run(*how: str, folder: str = folder, words: list[str] = words) -> float:
                start = time.perf_counter()
                subprocess.run([sys.executable, *how, *words], check=True, cwd=folder, env=ENVIRONMENT)
                return time.perf_counter() - start

            run("-c", QUIETLY)
            print(f"  {'the whole command':58}{median(run('-c', QUIETLY) for _ in range(TIMES)):7.2f} s", flush=True)
            run("-c", PARTS, ",".join(FLOOR))


if __name__ == "__main__":
    main()
