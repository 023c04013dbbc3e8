"""Draw handwritten digits, of the class that is asked for: the same loop, with networks for images.

    python examples/digits.py [STEPS]

Says how many of the drawn digits a classifier of real ones reads as the class asked for (are they right?) and how well
a classifier that has seen drawn digits alone reads real ones (are they as varied?). Writes digits.png, a row a class.
"""

import sys

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
from torch import Tensor
from torch.nn.functional import one_hot

from ganaug.adversarial import TrainConfig, r3gan, train
from ganaug.nn import ImageCritic, ImageGenerator

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
pixels, labels = load_digits(return_X_y=True)  # 8 x 8 pixels from 0 to 16
X, X_held_out, y, y_held_out = train_test_split(pixels, labels, test_size=0.3, stratify=labels, random_state=0)


class Digits:
    """Real digits and their classes; the generator is given the classes."""

    def __init__(self, rng: torch.Generator) -> None:
        self.generator = ImageGenerator(side=8, condition_dim=10, conditional_norm=True, rng=rng)
        self.critic = ImageCritic(side=8, condition_dim=10, rng=rng)
        self.images = torch.tensor(X / 8 - 1, dtype=torch.float32).reshape(-1, 1, 8, 8)  # from -1 to 1
        self.classes = one_hot(torch.tensor(y)).float()

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw real digits, and their classes, of which the fake ones shall be too."""
        rows = torch.randint(len(self.images), (128,), generator=rng)
        return self.images[rows], self.classes[rows]

    def fake(self, given: Tensor, rng: torch.Generator) -> Tensor:
        """Draw a digit of each class given."""
        return self.generator(torch.randn(len(given), 64, generator=rng), given)

    def judge(self, x: Tensor, given: Tensor) -> Tensor:
        """Say how real each image looks as a digit of its class."""
        return self.critic(x, given)

    def terms(self, fake: Tensor, given: Tensor) -> Tensor | None:
        """Ask nothing of the generator besides."""
        return None


rng = torch.Generator().manual_seed(0)
trained = train(Digits(rng), r3gan(gamma=0.5), TrainConfig(steps=steps, generator_lr=1e-3, critic_lr=1e-3), rng=rng)

asked = np.repeat(np.arange(10), 100)
with torch.no_grad():
    images = trained.generator(torch.randn(1000, 64, generator=rng), one_hot(torch.tensor(asked)).float())
drawn = (8 * (images + 1)).numpy().reshape(-1, 64).round()

reader, student = (SVC(gamma=0.001).fit(*rows) for rows in ((X, y), (drawn, asked)))
told, real = reader.score(drawn, asked), reader.score(X_held_out, y_held_out)
taught = student.score(X_held_out, y_held_out)
print(
    f"after {trained.steps} steps: drawn digits are read as the class asked for: {told:.0%} (held-out real: {real:.0%})"
)
print(f"held-out real digits are read by a classifier that has seen drawn ones alone: {taught:.0%}")

grid = [[*drawn[asked == k][:8], *X_held_out[y_held_out == k][:4]] for k in range(10)]
figure = Figure(figsize=(6, 5.4), layout="constrained")
axes = figure.subplots()
axes.imshow(np.block([[np.pad(digit.reshape(8, 8), 1) for digit in row] for row in grid]), cmap="gray_r")
axes.set(xticks=[39.5, 99.5], xticklabels=["drawn", "real"], yticks=range(5, 100, 10), yticklabels=range(10))
axes.axvline(79.5)
figure.savefig("digits.png", dpi=150)
