"""The part of dbt's YAML that is understood here, as strict types: what is not listed is refused.

Only shapes belong here; reading the files is in `project`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

IDENTIFIER = r"^[a-z_][a-z0-9_]*$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class MetaConfig(_Strict):
    """`config:` of a column, model or source table in YAML: free notes.

    The data dictionary reads `pii` and `range` of columns (least and most value of a number, null: no bound), and of
    source tables `published_as` (schema.table in the warehouse) and `key` (its columns).
    """

    meta: dict[str, Any] = {}


class _Named(_Strict):
    name: str = Field(pattern=IDENTIFIER)
    description: str = ""
    config: MetaConfig = MetaConfig()


class TestConfig(_Strict):
    """`config:` of a test: a failing `warn` test is told, a failing `error` test stops the publishing."""

    severity: Literal["error", "warn"] = "error"


class TestSpec(_Strict):
    """What stands below a test's name."""

    arguments: dict[str, Any] = {}
    config: TestConfig = TestConfig()


class _Tested(_Named):
    data_tests: list[str | dict[str, TestSpec]] = []


class SourceColumn(_Named):
    """A column of a source that models read."""

    data_type: str | None = None


class Column(_Tested, SourceColumn):
    """A column of a model. The description reads `English · 中文`."""


class ModelDoc(_Tested):
    """One entry of `models:`."""

    columns: list[Column] = []


class SourceTable(_Named):
    """One table of a source."""

    columns: list[SourceColumn] = []


class Source(_Named):
    """One entry of `sources:`: where another stage's tables lie."""

    database: str = Field(pattern=IDENTIFIER)
    schema_name: str = Field(alias="schema", pattern=IDENTIFIER)
    tables: list[SourceTable]


class ModelsFile(_Strict):
    """A YAML file below `models/`."""

    version: Literal[2] = 2
    models: list[ModelDoc] = []
    sources: list[Source] = []


class ModelConfig(_Strict):
    """Config of a model, from its folders in `dbt_project.yml` and its own `config()`."""

    materialized: Literal["table", "view", "ephemeral"] = "view"
    schema_name: str = Field("main", alias="schema", pattern=IDENTIFIER)
    database: str | None = Field(None, pattern=IDENTIFIER)


class ProjectFile(_Strict):
    """`dbt_project.yml`. A variable without a value has to be given at run time."""

    name: str = Field(pattern=IDENTIFIER)
    version: str = ""
    config_version: Literal[2] = Field(2, alias="config-version")
    profile: str = ""
    vars: dict[str, Any] = {}
    models: dict[str, Any] = {}
