"""Audiences out: definitions, compiler, consent, export. May import `warehouse`.

What other packages call is in `segments.api`; an audience is a YAML file in `segments/audiences/`, described for
the people who write them in `docs/marketers.md`.
"""
