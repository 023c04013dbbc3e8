"""What is measured of cells beside their principal components; counts and arrays alone."""
