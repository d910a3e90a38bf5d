"""Great Expectations at four gates: landing contracts, identity output, customer_360, exports.

Which expectations hold where is in `expectations/*.yml`; this turns each into an asset check and runs them. The SQL
tests of the models are in `models`: they cost less, and these are for what a reader outside the project trusts by name.
"""

import hashlib
import importlib
import json
import logging
import os
import sys
import threading
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal

import dagster as dg
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from assets.checks import told
from assets.segments import OWN
from common.errors import DefinitionError
from common.yaml_text import load_yaml
from segments.api import load_audiences, survey_audiences
from warehouse.building import Building, literal

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = Path(__file__).parent / "expectations"
# Cells that a spreadsheet would run; a leading minus is left to numbers.
_FORMULA: Final = r"^\s*([=+@\t\r]|-[^0-9])"
# A plus and digits alone, as lists write phones abroad, is a number to a spreadsheet too.
_NUMBER_ABROAD: Final = r"^\+[0-9]{6,15}$"


def import_ahead() -> None:
    """Imports Great Expectations beside the work that comes before the first gate: it takes seconds of one core."""
    threading.Thread(target=_great_expectations, daemon=True).start()


def _great_expectations() -> ModuleType:
    """The library, imported when first asked for: it takes seconds, and only a run needs it."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    main = sys.modules["__main__"].__dict__
    # PySpark, which it imports where it is installed, takes a main module without a file for a run of its doctests and
    # ends the process, as if all were done.
    has_no_file = main.setdefault("__file__", __file__) is __file__
    try:
        return importlib.import_module("great_expectations")
    finally:
        if has_no_file:
            main.pop("__file__", None)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Strict):
    """One expectation by its Great Expectations name; a failing `warn` is told, a failing `error` stops the run."""

    type: str
    kwargs: dict[str, Any]
    severity: Literal["error", "warn"] = "error"


class Frame(_Strict):
    """The rows that expectations look at: `query` reads the asset's table as `{table}`.

    `asset: exports` stands for all audience exports, one row a file, and has no query.
    """

    asset: list[str] | Literal["exports"]
    query: str = ""
    expectations: dict[str, Expectation]

    def asset_keys(self) -> list[dg.AssetKey]:
        """The assets that the expectations are checks of."""
        if isinstance(self.asset, str):
            return [*(dg.AssetKey(["segments", name]) for name in load_audiences()), OWN]
        return [dg.AssetKey(self.asset)]


class Gate(_Strict):
    """One file of expectations."""

    description: str
    frames: list[Frame]


def load_gates(folder: Path = FOLDER) -> dict[str, Gate]:
    """Every gate by name.

    Raises:
        DefinitionError: a file is not of the form of `Gate`.
    """
    gates = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            gates[path.stem] = Gate.model_validate(load_yaml(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError) as error:
            raise DefinitionError(path, "is no gate.", f"Correct it: {error}") from error
    return gates


def gate_checks() -> list[dg.AssetChecksDefinition]:
    """One multi-asset check a gate, one check an expectation."""
    return [_gate(name, gate) for name, gate in load_gates().items()]


def _gate(name: str, gate: Gate) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            check_name,
            asset=key,
            description=f"{gate.description}: {expectation.type}",
            blocking=expectation.severity == "error",
        )
        for frame in gate.frames
        for key in frame.asset_keys()
        for check_name, expectation in frame.expectations.items()
    ]

    @dg.multi_asset_check(name=f"gate_{name}", specs=specs)
    def check(building: dg.ResourceParam[Building]) -> Iterator[dg.AssetCheckResult]:
        for frame in gate.frames:
            rows = _rows(building, frame)
            for key in frame.asset_keys():
                mine = rows if isinstance(frame.asset, list) else rows[rows["asset"] == key.path[-1]]
                yield from _validate(mine, frame, key)

    return check


def _rows(building: Building, frame: Frame) -> "pd.DataFrame":
    if isinstance(frame.asset, str):
        return pl.DataFrame([_facts(folder, load_audiences()) for folder in _exports(building)]).to_pandas()
    schema, table = frame.asset
    folder, part = ("public", schema) if schema == "identity" else ("private", schema.removesuffix("_private"))
    path = building.folder / folder / part / f"{table}.parquet"
    relation = f"read_parquet({literal(str(path))})" if path.exists() else f"{schema}.{table}"
    frame_of_rows: pd.DataFrame = building.con.sql(frame.query.replace("{table}", relation)).df()
    return frame_of_rows


def _exports(building: Building) -> list[Path]:
    """The folders of what this run exported; an own audience that could not be has none, which its own check tells."""
    home, built_in = building.home, load_audiences()
    run_id = home.require_published()
    own = [name for name, one in survey_audiences(home.path).audiences.items() if one.origin == "own"]
    folders = [home.exports / name / run_id for name in sorted({*built_in, *own})]
    return [folder for folder in folders if folder.parent.name in built_in or (folder / "manifest.json").exists()]


def _facts(folder: Path, built_in: Collection[str]) -> dict[str, Any]:
    """What can be told of an exported file without showing any of it."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content = (folder / manifest["file"]).read_bytes()
    table = pl.read_csv(content.decode(manifest["encoding"]).encode(), infer_schema=False)
    runs = pl.all().str.contains(_FORMULA) & ~pl.all().str.contains(_NUMBER_ABROAD)
    formulas = table.select(runs.sum()).transpose().sum().item() if table.height else 0
    return {
        "asset": manifest["audience"] if manifest["audience"] in built_in else OWN.path[-1],
        "audience": manifest["audience"],
        "is_hash_right": hashlib.sha256(content).hexdigest() == manifest["sha256"],
        "rows_missing": manifest["rows"] - table.height,
        "rows_repeated": table.height - table.unique().height,
        "formula_cells": int(formulas),
    }


def _validate(rows: "pd.DataFrame", frame: Frame, key: dg.AssetKey) -> Iterator[dg.AssetCheckResult]:
    results = validate(rows, frame.expectations)
    for name, expectation in frame.expectations.items():
        passed, failures = results[name]
        zh = f"{len(rows)} 行中有 {failures} 行不符合 {name}"
        description, chinese = told([] if passed else [(zh, f"{failures} of {len(rows)} rows fail {name}")])
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=name,
            passed=passed,
            severity=dg.AssetCheckSeverity.ERROR if expectation.severity == "error" else dg.AssetCheckSeverity.WARN,
            description=description,
            metadata={"failures": failures, "rows": len(rows), "expectation": expectation.type, **chinese},
        )


def validate(rows: "pd.DataFrame", expectations: dict[str, Expectation]) -> dict[str, tuple[bool, int]]:
    """Whether each expectation holds, and how many rows fail it; values are never told.

    Raises:
        DefinitionError: an expectation cannot be evaluated on these columns.
    """
    batches = _batches()
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    batch = batches.get_batch({"dataframe": rows})
    outcome: dict[str, tuple[bool, int]] = {}
    for name, expectation in expectations.items():
        # One by one: a suite takes two expectations of one type on one column for the same.
        wanted = ExpectationConfiguration(type=expectation.type, kwargs=expectation.kwargs).to_domain_obj()
        result = batch.validate(wanted, result_format="BASIC")
        if _raised(result.exception_info):
            raise DefinitionError(FOLDER, f"{name} cannot be evaluated.", "Check its columns and arguments.")
        outcome[name] = (bool(result.success), int(result.result.get("unexpected_count") or 0))
    return outcome


@cache
def _batches() -> Any:
    """What makes a batch of a frame; once for all frames."""
    gx = _great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all")


def _raised(information: dict[str, Any]) -> bool:
    """Whether an evaluation raised: told at the top, or once for each metric that could not be computed."""
    parts = [information, *(part for part in information.values() if isinstance(part, dict))]
    return any(part.get("raised_exception") for part in parts)
