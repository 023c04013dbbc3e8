"""An assay that comes out differently every day, read as if all wells had been measured on one.

    python examples/day_to_day.py [WELLS]

Each day has the same doses, whose effect is to survive. The fourth day comes later: the model learns its style, and
what it says of the other days stays as it was. Simulated, so the effect of the dose is known: 0.50.
"""

import sys

import numpy as np
import pandas as pd

from ganaug import BatchEqualizer

n_wells = int(sys.argv[1]) if len(sys.argv) > 1 else 400
rng = np.random.default_rng(0)
readouts = ["absorbance", "fluorescence", "cell count"]


def day(name: str) -> pd.DataFrame:
    """Measure wells: the dose raises the first readout and lowers the last, and the day shifts and stretches all."""
    dose = rng.choice([0.0, 1.0, 2.0, 3.0], n_wells)
    true = 0.2 * rng.normal(size=(n_wells, 3)) + dose[:, None] * np.array([0.5, 0.0, -0.3])
    measured = true * np.exp(0.15 * rng.normal(size=3)) + rng.normal(size=3)
    return pd.DataFrame(measured, columns=readouts).assign(dose=dose, day=name)


def told(name: str, wells: pd.DataFrame, days: pd.Series) -> None:
    apart = wells.groupby([days, wells["dose"]])[readouts].mean().groupby("dose").std().mean().mean()
    slope = np.polyfit(wells["dose"], wells["absorbance"], 1)[0]
    print(f"{name}: days are {apart:.2f} apart at equal dose; absorbance rises by {slope:.2f} a dose")


wells = pd.concat([day(name) for name in ("Monday", "Tuesday", "Thursday")], ignore_index=True)
model = BatchEqualizer(batch="day", covariates=["dose"], random_state=0).fit(wells)
equalized = model.transform(wells)
told("as measured", wells, wells["day"])
told("equalised", equalized, wells["day"])

friday = day("Friday")
model.adapt(friday, "Friday")
everything = pd.concat([wells, friday], ignore_index=True)
moved = model.transform(everything)
told("with a later day", moved, everything["day"])
print("the other days stayed as they were:", moved.iloc[: len(wells)].equals(equalized))
