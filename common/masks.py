"""Masks: how a personal value may be shown to a person who is not entitled to see it."""


def mask(value: str | None) -> str:
    """A value with all but its first and last characters starred, `13812345678` as `138******78`.

    Short values keep only their first character, so that a two-character name is not given away.
    """
    if not value:
        return ""
    if len(value) <= 4:
        return value[0] + "*" * (len(value) - 1)
    head, tail = (3, 2) if len(value) >= 8 else (1, 1)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
