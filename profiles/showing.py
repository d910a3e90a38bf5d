"""What people ask of the past, as macros of the published warehouse: the SQL is in history.sql."""

from pathlib import Path
from typing import Final

HISTORY: Final = Path(__file__).with_name("history.sql")
