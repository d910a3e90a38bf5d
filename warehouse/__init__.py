"""The store: snapshots, publish, vault."""
