"""Distances between distributions by kernels, and what they are under equality."""
