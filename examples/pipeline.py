"""Balance the classes inside cross-validation: no generator ever sees a row of a test fold.

    python examples/pipeline.py [TIME_BUDGET]

Needs imbalanced-learn.
"""

import sys

from imblearn.pipeline import make_pipeline
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from ganaug import GANAugmenter, TabularGAN

time_budget = float(sys.argv[1]) if len(sys.argv) > 1 else 20  # seconds for each of the three fits
X, y = make_classification(n_samples=400, n_features=6, weights=[0.85], class_sep=0.8, random_state=0)

# profile=None: here cross-validation is the judge, on real rows that no generator saw
augmenter = GANAugmenter(TabularGAN(time_budget=time_budget), profile=None, random_state=0)
forest = RandomForestClassifier(random_state=0)
for name, model in {"real rows": forest, "balanced": make_pipeline(augmenter, forest)}.items():
    scores = cross_val_score(model, X, y, scoring="balanced_accuracy", cv=3)
    print(f"{name}: balanced accuracy {scores.mean():.3f}")
