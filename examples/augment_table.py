"""Augment a table, and look at what the judge says before the rows are used.

python examples/augment_table.py [TIME_BUDGET]
"""

import sys
from pathlib import Path

import ganaug
from ganaug.data.files import read_table, write_table

time_budget = float(sys.argv[1]) if len(sys.argv) > 1 else 60
penguins = read_table(Path(__file__).parent / "data" / "penguins.csv")

result = ganaug.augment(penguins, target="species", time_budget=time_budget, random_state=0)
print(result.report.to_frame()[["verdict", "reason"]].to_string())
print(result.report.headline)

# FidelityError unless the judge let the rows through: nothing below runs on rows that were refused
result.report.raise_for_verdict()
write_table(result.data, Path("penguins.augmented.csv"))
print(f"{len(result.synthetic)} synthetic rows after {len(penguins)} real ones")
