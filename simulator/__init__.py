"""A retail world with known truth, written as the platforms' own export files."""
