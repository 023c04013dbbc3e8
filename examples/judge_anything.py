"""Judge anybody's synthetic rows: here columns that were shuffled, each right on its own and wrong together.

python examples/judge_anything.py [ROWS]
"""

import sys

import numpy as np
import pandas as pd

from ganaug import FidelityChecker

n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
rng = np.random.default_rng(0)


def measure(n: int) -> pd.DataFrame:
    dose = rng.integers(1, 9, size=n)
    return pd.DataFrame({"dose": dose, "response": (3 * dose + rng.normal(scale=4, size=n)).round(2)})


real, held_out = measure(n_rows), measure(n_rows)
shuffled = real.apply(lambda column: rng.permutation(column))

judge = FidelityChecker(target="response", random_state=0)
for name, rows in {"fresh rows": measure(n_rows), "shuffled columns": shuffled, "the training rows": real}.items():
    report = judge.check(held_out, rows, train=real)
    print(f"{name}: {report.headline}")
