"""The cells of an .h5ad file, read, equalised and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganaug.errors import DataError
from ganaug.persistence import atomic

from .batches import Equalized, batches_of, named_columns, report_of

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

    from .batches import Asked

CELLS, ADDED = ".h5ad", "ganaug"
# cells that the report is about
REPORTED = 3000


def is_cells(path: Path) -> bool:
    """Whether a file holds cells, by its name."""
    return path.suffix.lower() == CELLS


def equalize_cells(path: Path, target: Path, asked: Asked) -> Equalized:
    """Equalise an AnnData: X stays, a layer, coordinates and what else `ganaug.pp.equalize` writes are added."""
    import numpy as np

    from ganaug import pp
    from ganaug.models.equalizing.matrix import Matrix

    if not is_cells(target):
        raise DataError(f"cells go into a file that ends in {CELLS}, not into {target}")
    adata = read_cells(path)
    batch, *keep = named_columns(adata.obs.columns, asked)
    labels, reference = batches_of(adata.obs[batch], asked)
    settings: dict[str, Any] = {"allow_confounded": True} if asked.allow_confounded else {}
    model = pp.equalize(
        adata,
        str(batch),
        reference=reference,
        covariates=[str(name) for name in keep] or None,
        layer_added=ADDED,
        overwrite=asked.overwrite,
        return_model=True,
        device=asked.device,
        random_state=asked.seed,
        **settings,
    )
    rows = np.sort(np.random.default_rng(asked.seed).permutation(adata.n_obs)[:REPORTED])
    before, after = (Matrix(side).seen(rows).values for side in (adata.X, adata.layers[ADDED]))
    report = report_of(before, after, labels, names=list(adata.var_names), asked=asked, model=model, rows=rows)
    return Equalized(report, model, lambda place: save_cells(adata, place))


def read_cells(path: Path) -> AnnData:
    """Open an .h5ad file, of which X stays where it is and is read in chunks; raise `DataError` if it is none."""
    import anndata

    from ganaug.data.text import first_line

    if not path.exists():
        raise DataError(f"there is no file {path}")
    try:
        adata = anndata.read_h5ad(path, backed="r")
        # rows of a matrix that lies column by column are all over the file
        return adata.to_memory() if getattr(adata.X, "format", None) == "csc" else adata
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no readable .h5ad file: {first_line(error)}") from error


def save_cells(adata: AnnData, path: Path) -> None:
    """Write an .h5ad file atomically."""
    with atomic(path) as temporary:
        adata.write_h5ad(temporary, compression="gzip")
        if adata.isbacked:
            adata.file.close()  # it is open as the temporary file, which is renamed now
