"""The JSON Schema of contracts, by which editors complete and check them as they are written.

Run `python -m touchpoints.schema` after a change of `contract`; a test holds the file to it.
"""

import json
from pathlib import Path
from typing import Any, Final

from touchpoints.contract import Contract

PATH: Final = Path(__file__).parent / "contract.schema.json"


def contract_schema() -> dict[str, Any]:
    """The schema of one contract file."""
    schema = Contract.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Guiyi contract of a source"}


def schema_text() -> str:
    """The schema as the file has it."""
    return json.dumps(contract_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
