"""A folder in dbt's format, read and checked: models, sources, tests, variables and the order to build them in.

What dbt knows and this does not is refused here, with the file and the reason. Nothing is run here.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from common.errors import DefinitionError, UsageError
from common.yaml_text import load_yaml
from dbt_like_sql import compile as compiling
from dbt_like_sql import yaml_format as shape

PACKAGE_ROOT = Path(__file__).parent
SUPPORTED = "Only a part of dbt's format is supported: see dbt_like_sql/yaml_format.py."
# The one macro tells dbt to do what is done here anyway: schema names as they stand.
_KINDS = {"models": r".*\.(sql|yml)", "tests": r".*\.sql", "macros": r"generate_schema_name\.sql"}
_REFUSED = ("seeds", "snapshots", "analyses", "packages.yml", "dependencies.yml", "selectors.yml")
_Spec = TypeVar("_Spec", bound=BaseModel)


@dataclass(frozen=True)
class TestCase:
    """One test. `refs` are the models it reads; `column` may be an SQL expression over the first of them."""

    __test__ = False  # not a class of pytest's

    name: str
    kind: str  # unique | not_null | accepted_values | relationships | singular
    path: Path
    refs: tuple[str, ...]
    severity: str
    column: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    sql: str = ""  # of a singular test


@dataclass(frozen=True)
class Model:
    """One model with its documentation. `sources` are (source, table) pairs, `meta` the notes from its YAML."""

    name: str
    path: Path
    sql: str
    config: shape.ModelConfig
    depends_on: tuple[str, ...]
    sources: tuple[tuple[str, ...], ...]
    description: str
    meta: dict[str, Any]
    columns: tuple[shape.Column, ...]
    tests: tuple[TestCase, ...] = ()

    @property
    def schema(self) -> str:
        """Name of the schema that it is built in."""
        return self.config.schema_name

    @property
    def relation(self) -> str:
        """Its name in SQL: `schema.name`, or `database.schema.name` outside the warehouse's own file."""
        return ".".join(part for part in (self.config.database, self.schema, self.name) if part)


@dataclass(frozen=True)
class Project:
    """The whole folder. `vars` holds defaults; a null has to be given at run time."""

    root: Path
    models: dict[str, Model]
    sources: dict[str, shape.Source]
    vars: dict[str, Any]

    def model(self, name: str) -> Model:
        """The model of that name; raises UsageError when there is none."""
        if name not in self.models:
            raise UsageError(f"There is no model {name}; the models are {', '.join(sorted(self.models))}.")
        return self.models[name]

    def order(self) -> list[str]:
        """Names of all models, each after those it reads; the same order every time."""
        graph = {name: sorted(model.depends_on) for name, model in sorted(self.models.items())}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise DefinitionError(self.root, f"models refer to each other in a circle: {error.args[1]}.") from error

    def upstream(self, names: Iterable[str], through: Callable[[Model], bool] = lambda _: True) -> set[str]:
        """The named models and all that they read, however far up, as far as `through` lets pass."""
        passed = [model for model in map(self.model, names) if through(model)]
        return {m.name for m in passed}.union(*(self.upstream(m.depends_on, through) for m in passed))

    def relation(self, name: str, path: Path) -> str:
        """What ref('name') stands for in the file at `path`; an ephemeral model becomes a CTE."""
        if name not in self.models:
            raise DefinitionError(path, f"reads ref('{name}'), which is not a model.", "Correct the name.")
        model = self.models[name]
        return compiling.EPHEMERAL + name if model.config.materialized == "ephemeral" else model.relation

    def source_relation(self, source: str, table: str, path: Path) -> str:
        """What source('source', 'table') stands for in the file at `path`."""
        declared = self.sources.get(source)
        if declared is None or table not in {t.name for t in declared.tables}:
            raise DefinitionError(path, f"reads source('{source}', '{table}'), which no YAML declares.", "Declare it.")
        return f"{declared.database}.{declared.schema_name}.{table}"


def load_project(root: Path = PACKAGE_ROOT) -> Project:
    """Reads a folder with `dbt_project.yml`, `models/` and `tests/`.

    Raises:
        DefinitionError: a file is wrong, or uses a part of dbt that is not supported here.
    """
    _refuse_the_rest_of_dbt(root)
    file = _checked(shape.ProjectFile, root / "dbt_project.yml")
    docs: dict[str, tuple[shape.ModelDoc, Path]] = {}
    sources: dict[str, shape.Source] = {}
    for path in sorted((root / "models").rglob("*.yml")):
        content = _checked(shape.ModelsFile, path)
        _refuse_twice(path, [item.name for item in [*content.models, *content.sources]], {*docs, *sources})
        docs |= {doc.name: (doc, path) for doc in content.models}
        sources |= {source.name: source for source in content.sources}
    models: dict[str, Model] = {}
    for path in sorted((root / "models").rglob("*.sql")):
        _refuse_twice(path, [path.stem], models)
        doc, doc_path = docs.pop(path.stem, (shape.ModelDoc(name=path.stem), path))
        models[path.stem] = _read_model(path, _folder_config(root, file, path), doc, doc_path)
    for name, (_, path) in docs.items():
        raise DefinitionError(path, f"describes the model {name}, which has no SQL file.", "Remove it or add the file.")
    project = Project(root, models, sources, file.vars)
    for model in models.values():
        relations = {project.source_relation(source, table, model.path) for source, table in model.sources}
        relations |= {project.relation(name, model.path) for name in model.depends_on}
        compiling.check_sql(model.path, compiling.render(project, model.path, model.sql, file.vars), relations)
    return _with_tests(project)


def _refuse_the_rest_of_dbt(root: Path) -> None:
    extra = [root / name for name in _REFUSED if (root / name).exists()]
    for folder, kind in _KINDS.items():
        files = sorted((root / folder).rglob("*"))
        extra += [path for path in files if path.is_file() and not re.fullmatch(kind, path.name)]
    for path in extra:
        raise DefinitionError(path, "is of a kind that is not supported.", SUPPORTED)


def _refuse_twice(path: Path, names: list[str], known: Iterable[str]) -> None:
    for name in names:
        if name in known or names.count(name) > 1:
            raise DefinitionError(path, f"has {name}, which is there already.", "Keep one of the two.")


def _checked(kind: type[_Spec], path: Path, value: object = None) -> _Spec:
    """The value, or else the content of the YAML file, in its strict shape."""
    try:
        return kind.model_validate(load_yaml(path.read_text(encoding="utf-8")) if value is None else value)
    except ValidationError as error:
        worst = max(error.errors(), key=lambda e: len(e["loc"]))  # of the readings of a union, the nearest
        raise DefinitionError(path, f"{'.'.join(map(str, worst['loc']))}: {worst['msg']}.", SUPPORTED) from error
    except (OSError, yaml.YAMLError) as error:
        raise DefinitionError(path, f"cannot be read as YAML: {' '.join(str(error).split())}.") from error


def _folder_config(root: Path, file: shape.ProjectFile, path: Path) -> dict[str, Any]:
    """The `+key: value` entries on the way from the project's name down to the model's folder."""
    level = file.models.get(file.name) or {}
    config: dict[str, Any] = {}
    for part in (None, *path.relative_to(root / "models").parts[:-1]):
        level = (level.get(part) or {}) if part else level
        config |= {key[1:]: value for key, value in level.items() if key.startswith("+")}
    return config


def _read_model(path: Path, config: dict[str, Any], doc: shape.ModelDoc, doc_path: Path) -> Model:
    text = path.read_text(encoding="utf-8")
    refs, sources, own = compiling.scan(path, text)
    for key in own.keys() - {"materialized"}:
        raise DefinitionError(path, f"config({key}=…) is not supported.", compiling.ALLOWED)
    tests = [_generic_test(doc.name, doc_path, test, "") for test in doc.data_tests]
    tests += [_generic_test(doc.name, doc_path, test, c.name) for c in doc.columns for test in c.data_tests]
    about = (doc.description, doc.config.meta, tuple(doc.columns), tuple(tests))
    return Model(path.stem, path, text, _checked(shape.ModelConfig, path, config | own), refs, sources, *about)


def _generic_test(model: str, path: Path, declared: str | dict[str, shape.TestSpec], column: str) -> TestCase:
    ((kind, spec),) = {declared: shape.TestSpec()}.items() if isinstance(declared, str) else list(declared.items())[:1]
    wanted = sorted((*compiling.GENERIC_ARGUMENTS.get(kind, ("?",)), *([] if column else ["column_name"])))
    if sorted(spec.arguments) != wanted or not (isinstance(declared, str) or len(declared) == 1):
        problem = f"the test {kind} of {model} {column} with the arguments {sorted(spec.arguments)} is not supported."
        raise DefinitionError(path, problem, f"Tests and their arguments are {compiling.GENERIC_ARGUMENTS}.")
    column = column or str(spec.arguments["column_name"])
    refs = (model, *compiling.scan(path, f"{{{{ {spec.arguments.get('to')} }}}}")[0])
    name = re.sub(r"\W+", "_", f"{kind}_{model}_{column}")
    return TestCase(name, kind, path, refs, spec.config.severity, column, spec.arguments)


def _with_tests(project: Project) -> Project:
    """Lays each test on the model after which everything that it reads has been built."""
    tests = [test for model in project.models.values() for test in model.tests]
    for path in sorted((project.root / "tests").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        refs, _, own = compiling.scan(path, text)
        severity = _checked(shape.TestConfig, path, own).severity
        tests.append(TestCase(path.stem, "singular", path, refs, severity, sql=text))
    order = project.order()
    placed: dict[str, list[TestCase]] = {name: [] for name in order}
    for test in tests:
        last = max((name for name in test.refs if project.relation(name, test.path)), key=order.index, default="")
        if not last or set(test.refs) - project.upstream([last]):
            problem = f"{test.name} reads {sorted(test.refs)}: it needs one model that is made from all the others."
            raise DefinitionError(test.path, problem, "Only then is it known when the test can run.")
        placed[last].append(test)
    models = {name: replace(model, tests=tuple(placed[name])) for name, model in project.models.items()}
    return replace(project, models=models)
