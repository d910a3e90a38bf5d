"""Measurements of speed and quality, run by hand; results are kept in `results/`."""
