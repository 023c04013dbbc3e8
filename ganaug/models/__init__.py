"""The game with its encoding, as estimators."""
