"""An array job of Slurm: each task is one shard, which goes on where it was stopped when it is requeued."""

import shlex
from collections.abc import Sequence

SCRIPT = """\
#!/bin/bash
#SBATCH --job-name=sweep
#SBATCH --array=0-{last}
#SBATCH --output=sweep-%A_%a.log
#SBATCH --requeue
#SBATCH --time={hours}:00:00
#SBATCH --cpus-per-task={cpus}
{gpus}
# Each task writes its part into the folder, and goes on there when it is run again.
srun {command} --shard "${{SLURM_ARRAY_TASK_ID}}/{shards}"

# When all have ended: {merge}
"""


def script(command: Sequence[str], out: str, shards: int, *, hours: int, cpus: int, gpus: int) -> str:
    """The script that `sbatch` takes.

    Args:
        command: the words of the sweep, without its shard.
        out: its folder.
        shards: tasks of the array.
        hours: time limit of a task.
        cpus, gpus: of a task.
    """
    return SCRIPT.format(
        last=shards - 1,
        shards=shards,
        hours=f"{hours:02}",
        cpus=cpus,
        gpus=f"#SBATCH --gpus-per-task={gpus}\n" if gpus else "",
        command=shlex.join(command),
        merge=shlex.join([command[0], "sweep", "merge", out]),
    )
