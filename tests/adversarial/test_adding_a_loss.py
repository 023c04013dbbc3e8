"""What CONTRIBUTING says about a new loss is all there is to do."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
USE = """
import numpy as np, pandas as pd, ganaug
from ganaug.adversarial import LOSSES, OBJECTIVES
assert OBJECTIVES["exponential"]().loss is LOSSES["exponential"]
x = np.random.default_rng(0).normal(size=200).round(2)
table = pd.DataFrame({"x": x, "y": -x})
made = ganaug.TabularGAN(proposal="noise", objective="exponential", correct=False, max_steps=3, random_state=0)
print(len(made.fit(table).sample(5)))
"""


def test_one_function_and_one_row_make_a_loss(tmp_path):
    section = (ROOT / "CONTRIBUTING.md").read_text().split("## A new loss")[1]
    function, row = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len((function + row).splitlines()) < 15
    shutil.copytree(ROOT / "ganaug", tmp_path / "ganaug", ignore=shutil.ignore_patterns("__pycache__"))
    losses = tmp_path / "ganaug" / "adversarial" / "losses.py"
    head, tail = losses.read_text().split("LOSSES: Mapping[str, AdversarialLoss] = {\n")
    losses.write_text(f"{head}{function}\n\nLOSSES: Mapping[str, AdversarialLoss] = {{\n{row}{tail}")
    used = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert used.returncode == 0, used.stderr
    assert used.stdout == "5\n"
