"""Cheap samplers of code matrices: what the game starts from, and each a baseline by itself."""
