"""Likeness: candidates, schemes, trained models, weights and the clusters that they make."""
