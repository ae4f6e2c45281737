"""What commands take from a cold start, beside what they cannot do without: torch, and transformers' own Gemma 2.

`python -m benchmarks.start`: each command in a process of its own, with processor and wall seconds of each part. Every
run is compared with transformers' eager model, so its module is part of the floor.
"""

import subprocess
import sys
import tempfile

TEXT = "Anna met Bob. Later Anna met Bob"
COMMANDS = {
    "trace": ["trace", TEXT, "--out", "run.safetensors"],
    "table": ["table", "attention", "--text", TEXT, "--layer", "1", "--out", "map.csv"],
    "figure": ["figure", "attention", "--text", TEXT, "--layer", "1", "--out", "map.pdf"],
}
FLOOR = ("torch", "transformers", "transformers.modeling_utils", "transformers.models.gemma2.modeling_gemma2")
# As the command itself does, no garbage is looked for while modules load.
RUN = """
import contextlib, gc, importlib, os, sys, time
gc.disable()
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


def main() -> None:
    """Print the parts of each command."""
    for name, words in COMMANDS.items():
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-c", RUN, ",".join(FLOOR), *words], check=True, cwd=folder)


if __name__ == "__main__":
    main()
