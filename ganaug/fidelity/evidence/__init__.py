"""What the checks look at: tables as level numbers, their folds and their splits."""
