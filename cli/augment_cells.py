"""More cells of the rare types of an .h5ad file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ganaug.errors import DataError
from ganaug.persistence import HEAD, remove_folder

from .cells import CELLS, is_cells, read_cells
from .tables import check_device

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from anndata import AnnData

    from ganaug.fidelity.report import FidelityReport
    from ganaug.models.cells import CellGAN
    from ganaug.progress import OnProgress

    from .places import Places

# what the library calls its arguments, and what they are called here
WORDS = {
    "give force=True": "give --force",
    "target_counts": "--counts",
    "label_key": "--label",
    "batch_key": "--batch",
    "group_key": "--group",
    "layer='counts'": "--layer counts",
}


class MoreCells(NamedTuple):
    """Real and synthetic cells, the synthetic ones alone, the verdict, and the generator."""

    data: AnnData
    synthetic: AnnData
    report: FidelityReport
    model: CellGAN


def cells_learner(
    places: Places,
    *,
    label: str | None,
    batch: str | None,
    group: str | None,
    layer: str | None,
    counts: Sequence[str] | None,
    force: bool,
    profile: str,
    seed: int,
    game: Mapping[str, Any],
) -> Callable[..., MoreCells]:
    """Look at all that was asked for, and return what learns, draws and judges."""
    from ganaug.pp.augment import augment_judged
    from ganaug.pp.drawn import Keys
    from ganaug.seeding import Seeds

    if not is_cells(places.rows):
        raise DataError(f"cells go into a file that ends in {CELLS}, not into {places.rows}")
    if label is None:
        raise DataError("--label has to name the column of obs with the types of the cells")
    asked: dict[str, Any] = {"target_counts": parse_counts(counts), "force": force, "profile": profile}
    check_device(game["device"])
    adata = read_cells(places.source)

    def learn(on_progress: OnProgress) -> MoreCells:
        model, keys = new_model(places, game), Keys(label, batch, group, layer)
        try:
            result = augment_judged(adata, keys, model, seeds=Seeds(seed), on_progress=on_progress, **asked)
        except DataError as error:
            raise DataError(in_options(str(error))) from error
        if result.report is None:
            raise DataError(f"no type of {label!r} has fewer cells than --counts asks for: there is nothing to add")
        model.set_params(checkpoint=None, resume=False)
        return MoreCells(result.data, result.synthetic, result.report, model)

    return learn


def new_model(places: Places, game: Mapping[str, Any]) -> CellGAN:
    """Set up a model that keeps its checkpoint where a run with --resume finds it."""
    from ganaug.models.cells import CellGAN

    folder = places.checkpoint / "generator"
    resume = game["resume"] and (folder / HEAD).exists()
    if not resume:
        remove_folder(places.checkpoint)  # what is left of an earlier run must not be taken for this one's
    places.checkpoint.mkdir(exist_ok=True)
    return CellGAN(**{**game, "checkpoint": folder, "resume": resume})


def parse_counts(given: Sequence[str] | None) -> int | str | dict[str, int]:
    """Read ``--counts``: ``balance``, a number, or ``TYPE=NUMBER`` several times.

    >>> parse_counts(["NK=500", "pDC=200"])
    {'NK': 500, 'pDC': 200}
    """
    if not given or list(given) == ["balance"]:
        return "balance"
    parts = [text.rpartition("=") for text in given]
    if not all(n.isdecimal() for _, _, n in parts) or (len(given) > 1 and not all(equals for _, equals, _ in parts)):
        said = " and ".join(f"--counts {text!r}" for text in given)
        raise DataError(f"{said}: give balance, one number, or TYPE=NUMBER for each of some types")
    check_named_once([name for name, _, _ in parts])
    return {name: int(n) for name, _, n in parts} if parts[0][1] else int(parts[0][2])


def check_named_once(types: Sequence[str]) -> None:
    """Refuse a type that ``--counts`` names twice."""
    if twice := [name for name in types if types.count(name) > 1]:
        raise DataError(f"--counts names {twice[0]!r} twice; say once how many")


def in_options(message: str) -> str:
    """Say the library's words for its arguments as options."""
    for word, option in WORDS.items():
        message = message.replace(word, option)
    return message
