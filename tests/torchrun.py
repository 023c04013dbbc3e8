from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def torchrun(script: Path, folder: Path, *arguments: str) -> list[Any]:
    """What two processes of a script wrote into `folder` as ``0.json`` and ``1.json``; none of them is left behind."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    # torchrun itself warns, and asks for threads to be counted
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": _paths(), "PYTHONWARNINGS": "default"}
    run = subprocess.Popen(
        [*command, *arguments, str(folder)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said, _ = run.communicate(timeout=240)
    finally:
        run.terminate()  # torchrun takes its processes with it
        run.wait()
    assert run.returncode == 0, said
    return [json.loads((folder / f"{number}.json").read_text()) for number in range(2)]


def _paths() -> str:
    tests = Path(__file__).parent
    return os.pathsep.join([str(tests.parent), str(tests)])
