"""Audiences out: definitions, compiler, consent, export. May import `warehouse`."""
