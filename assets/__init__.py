"""Dagster assets, one module a stage: read, call the library, write, report metadata.

Thin on purpose: what decides anything is in the libraries. When and how assets run is in `pipelines`.
"""
