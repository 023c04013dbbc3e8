"""The code in the README, and in the pages whose blocks stand by themselves, runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_classification

import ganaug

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/adversarial.md", "docs/equalizing.md")
BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(
        r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
]

# the plain proposal, and a pipeline without a judge, so that a block takes seconds
QUICK = {
    ganaug.TabularGAN.__init__: {"refine": False, "correct": False},
    ganaug.GANAugmenter.__init__: {"profile": None},
}


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.strip().splitlines()[-1][:40])
def test_python(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for function, changed in QUICK.items():
        monkeypatch.setattr(function, "__kwdefaults__", {**(function.__kwdefaults__ or {}), **changed})
    X, y = make_classification(200, 4, weights=[0.7], flip_y=0, random_state=0)
    names: dict[str, object] = {"X": X, "y": y}
    exec(code, names)
    if "scores" in names:
        assert np.min(names["scores"]) > 0.5  # type: ignore[call-overload]


def test_there_is_something_to_run() -> None:
    assert len(BLOCKS) >= 4
