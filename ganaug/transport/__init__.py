"""Carrying rows of experimental batches into one style, in closed form."""
