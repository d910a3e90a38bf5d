"""Normalisation: what a cell of an export file says, in one form for all sources.

Each module takes Polars expressions or series and knows one kind of value: text cells, phones, national IDs,
e-mails, names, addresses, money, times, status words. Which column holds what is the contracts' matter; which
values belong to one person is identity's.
"""

from touchpoints.normalise import address, cell, email, money, name, national_id, phone, status, time

__all__ = ["address", "cell", "email", "money", "name", "national_id", "phone", "status", "time"]
