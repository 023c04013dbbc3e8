"""The rooms of `CellGAN`."""
