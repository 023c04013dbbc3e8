"""Classifiers that learn to tell real rows from synthetic ones, and what their scores are worth."""
