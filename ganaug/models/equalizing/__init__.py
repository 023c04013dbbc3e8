"""What the equaliser is made of: its rows, its student, what it may have harmed, its folder and its report."""
