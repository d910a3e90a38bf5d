"""The part of dbt's YAML that is understood here, as strict types: what is not listed is refused.

Only shapes belong here; reading the files is in `project`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Materialized = Literal["table", "view", "ephemeral"]
Severity = Literal["error", "warn"]
IDENTIFIER = r"^[a-z_][a-z0-9_]*$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class MetaConfig(_Strict):
    """`config:` of a column or model in YAML: free notes, of which `pii` is read by exports and docs."""

    meta: dict[str, Any] = {}


class TestConfig(_Strict):
    """`config:` of a test: a failing `warn` test is told, a failing `error` test stops the publishing."""

    severity: Severity = "error"


class TestSpec(_Strict):
    """What stands below a test's name, or in a singular test's `config()`."""

    arguments: dict[str, Any] = {}
    config: TestConfig = TestConfig()


class Column(_Strict):
    """A documented column. A model's description reads `English · 中文`."""

    name: str = Field(pattern=IDENTIFIER)
    description: str = ""
    data_type: str | None = None
    config: MetaConfig = MetaConfig()
    data_tests: list[str | dict[str, TestSpec]] = []


class ModelDoc(_Strict):
    """One entry of `models:`."""

    name: str = Field(pattern=IDENTIFIER)
    description: str = ""
    config: MetaConfig = MetaConfig()
    columns: list[Column] = []
    data_tests: list[str | dict[str, TestSpec]] = []


class SourceTable(_Strict):
    """One table of a source, with the columns that the models read."""

    name: str = Field(pattern=IDENTIFIER)
    description: str = ""
    columns: list[Column] = []


class Source(_Strict):
    """One entry of `sources:`: where another stage's tables lie."""

    name: str = Field(pattern=IDENTIFIER)
    description: str = ""
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

    materialized: Materialized = "view"
    schema_name: str = Field("main", alias="schema", pattern=IDENTIFIER)
    database: str | None = Field(None, pattern=IDENTIFIER)


class ProjectFile(_Strict):
    """`dbt_project.yml`. A variable without a value has to be given at run time."""

    name: str = Field(pattern=IDENTIFIER)
    version: str = "1.0.0"
    config_version: Literal[2] = Field(2, alias="config-version")
    profile: str = ""
    model_paths: tuple[Literal["models"]] = Field(("models",), alias="model-paths")
    test_paths: tuple[Literal["tests"]] = Field(("tests",), alias="test-paths")
    macro_paths: tuple[Literal["macros"]] = Field(("macros",), alias="macro-paths")
    vars: dict[str, Any] = {}
    models: dict[str, Any] = {}
