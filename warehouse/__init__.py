"""The store: one snapshot per run, published or not at all; the vault beside it.

Knows paths, locks, manifests and DuckDB files. Knows nothing of sources, identity, models or Dagster.
"""
