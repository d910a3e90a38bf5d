"""Dagster assets, one module a stage: read, call the library, write, report metadata."""
