"""A folder in dbt's format, read and checked: models, sources, tests, variables and the order to build them in.

What dbt knows and this does not is refused here, with the file and the reason. Nothing is run here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from common.errors import DefinitionError, UsageError
from dbt_like_sql import compile as compiling
from dbt_like_sql.yaml_format import Column, ModelConfig, ModelDoc, ModelsFile, ProjectFile, Source, TestSpec

PACKAGE_ROOT = Path(__file__).parent
_MACRO = (
    "macros/generate_schema_name.sql"  # tells dbt to do what is done here anyway: schema names as they stand
)
_REFUSED_ENTRIES = ("seeds", "snapshots", "analyses", "packages.yml", "dependencies.yml", "selectors.yml")
_TO_REF = re.compile(r"ref\('(\w+)'\)")
_Spec = TypeVar("_Spec", bound=BaseModel)


@dataclass(frozen=True)
class TestCase:
    """One test. `refs` are the models it reads; `column` may be an SQL expression over the model."""

    __test__ = False  # not a class of pytest's

    name: str
    kind: str  # unique | not_null | accepted_values | relationships | singular
    path: Path
    refs: tuple[str, ...]
    severity: str = "error"
    column: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    sql: str = ""


@dataclass(frozen=True)
class Model:
    """One model with its documentation. `relation` is its name in SQL; `sources` are (source, table) pairs."""

    name: str
    path: Path
    sql: str
    config: ModelConfig
    depends_on: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    description: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    tests: tuple[TestCase, ...] = ()

    @property
    def schema(self) -> str:
        """Name of the schema that it is built in."""
        return self.config.schema_name

    @property
    def relation(self) -> str:
        """`schema.name`, or `database.schema.name` outside the warehouse's own file."""
        return ".".join(part for part in (self.config.database, self.schema, self.name) if part)


@dataclass(frozen=True)
class Project:
    """The whole folder. `vars` holds defaults; a null has to be given at run time."""

    root: Path
    name: str
    models: dict[str, Model]
    sources: dict[str, Source]
    vars: dict[str, Any]

    def model(self, name: str) -> Model:
        """The model of that name; raises UsageError when there is none."""
        if name not in self.models:
            raise UsageError(f"There is no model {name}; the models are {', '.join(sorted(self.models))}.")
        return self.models[name]

    def order(self) -> list[str]:
        """Names of all models, each after those it reads; the same order every time."""
        return list(self._order)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        graph = {name: sorted(model.depends_on) for name, model in sorted(self.models.items())}
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise DefinitionError(
                self.root, f"models refer to each other in a circle: {' → '.join(error.args[1])}."
            ) from error

    def upstream(self, names: Iterable[str]) -> set[str]:
        """The named models and everything that they read, however far up."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            if (name := waiting.pop()) not in found:
                found.add(name)
                waiting.extend(self.model(name).depends_on)
        return found

    def ephemeral_upstream(self, names: Iterable[str]) -> list[str]:
        """The ephemeral models among the named ones and those they are made of, in build order."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            model = self.model(waiting.pop())
            if model.config.materialized == "ephemeral" and model.name not in found:
                found.add(model.name)
                waiting.extend(model.depends_on)
        return [name for name in self._order if name in found]

    def source_relation(self, source: str, table: str, path: Path) -> str:
        """SQL name of a source's table; `path` is the file that asks for it."""
        declared = self.sources.get(source)
        if declared is None or table not in {t.name for t in declared.tables}:
            raise DefinitionError(
                path, f"reads source('{source}', '{table}'), which no YAML declares.", "Declare it."
            )
        return f"{declared.database}.{declared.schema_name}.{table}"


def load_project(root: Path = PACKAGE_ROOT) -> Project:
    """Reads a folder with `dbt_project.yml`, `models/` and `tests/`.

    Raises:
        DefinitionError: a file is wrong, or uses a part of dbt that is not supported here.
    """
    file = _validated(ProjectFile, root / "dbt_project.yml", _read_yaml(root / "dbt_project.yml"))
    _refuse_the_rest_of_dbt(root)
    docs, sources = _read_docs(root)
    models: dict[str, Model] = {}
    for path in sorted((root / "models").rglob("*.sql")):
        if path.stem in models:
            raise DefinitionError(path, f"is a second model named {path.stem}.", "Give it a name of its own.")
        doc_path, doc = docs.pop(path.stem, (path, ModelDoc(name=path.stem)))
        models[path.stem] = _read_model(root, file, path, doc, doc_path)
    if docs:
        name, (path, _) = next(iter(sorted(docs.items())))
        raise DefinitionError(
            path, f"describes the model {name}, which has no SQL file.", "Remove it or add the file."
        )
    project = Project(root, file.name, models, sources, file.vars)
    for model in models.values():
        _check_model(project, model)
    return _with_tests(project, _read_singular_tests(root, file.vars))


def _refuse_the_rest_of_dbt(root: Path) -> None:
    remedy = "Models, their YAML and tests/*.sql are the supported part of dbt."
    extra = [p for p in (root / "macros").rglob("*") if p.is_file() and str(p.relative_to(root)) != _MACRO]
    extra += [root / name for name in _REFUSED_ENTRIES if (root / name).exists()]
    extra += [
        p
        for folder, known in (("models", (".sql", ".yml")), ("tests", (".sql",)))
        for p in sorted((root / folder).rglob("*"))
        if p.is_file() and p.suffix not in known
    ]
    if extra:
        raise DefinitionError(extra[0], "is of a kind that is not supported.", remedy)


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DefinitionError(path, f"cannot be read as YAML: {error}.") from error


def _validated(kind: type[_Spec], path: Path, value: object) -> _Spec:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(
            path, f"{place}: {first['msg']}.", "Only a subset of dbt's format is supported."
        ) from error


def _read_docs(root: Path) -> tuple[dict[str, tuple[Path, ModelDoc]], dict[str, Source]]:
    docs: dict[str, tuple[Path, ModelDoc]] = {}
    sources: dict[str, Source] = {}
    for path in sorted((root / "models").rglob("*.yml")):
        file = _validated(ModelsFile, path, _read_yaml(path))
        for name in [m.name for m in file.models if m.name in docs] + [
            s.name for s in file.sources if s.name in sources
        ]:
            raise DefinitionError(path, f"describes {name} a second time.", "Keep one description.")
        docs |= {doc.name: (path, doc) for doc in file.models}
        sources |= {source.name: source for source in file.sources}
    return docs, sources


def _folder_config(root: Path, file: ProjectFile, path: Path) -> dict[str, Any]:
    """The `+key: value` entries on the way from the project's name down to the model's folder."""
    config: dict[str, Any] = {}
    level: Any = file.models.get(file.name) or {}
    for part in ("", *path.relative_to(root / "models").parts[:-1]):
        level = level if not part else level.get(part) or {}
        config |= {key[1:]: value for key, value in level.items() if key.startswith("+")}
    return config


def _read_model(root: Path, file: ProjectFile, path: Path, doc: ModelDoc, doc_path: Path) -> Model:
    text = path.read_text(encoding="utf-8")
    config = _folder_config(root, file, path)
    refs, sources, own = _scan(path, text, file.vars)
    if refused := own.keys() - {"materialized"}:
        raise DefinitionError(path, f"config({sorted(refused)[0]}=…) is not supported.", compiling.ALLOWED)
    checked = _validated(ModelConfig, path, {**config, **own})
    model = Model(
        path.stem, path, text, checked, refs, sources, doc.description, doc.config.meta, tuple(doc.columns)
    )
    tests = [_generic_test(model, doc_path, test, "") for test in doc.data_tests]
    tests += [
        _generic_test(model, doc_path, t, column.name) for column in doc.columns for t in column.data_tests
    ]
    return replace(model, tests=tuple(tests))


def _scan(
    path: Path, text: str, variables: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], dict[str, Any]]:
    """Which models and sources a text asks for, and its own config, found by rendering it once."""
    refs: list[str] = []
    sources: list[tuple[str, str]] = []
    config: dict[str, Any] = {}

    def var(name: str, *default: object) -> object:
        if name not in variables and not default:
            raise DefinitionError(
                path, f"uses var('{name}'), which dbt_project.yml does not declare.", "Declare it there."
            )
        return variables.get(name, *default)

    def ref(name: str) -> str:
        refs.append(name)
        return name

    def source(name: str, table: str) -> str:
        sources.append((name, table))
        return table

    def own_config(**given: object) -> str:
        config.update(given)
        return ""

    compiling.render(path, text, {"ref": ref, "source": source, "var": var, "config": own_config})
    return tuple(dict.fromkeys(refs)), tuple(dict.fromkeys(sources)), config


def _generic_test(model: Model, path: Path, declared: str | dict[str, TestSpec], column: str) -> TestCase:
    kind, spec = (declared, TestSpec()) if isinstance(declared, str) else next(iter(declared.items()))
    expected = compiling.GENERIC_ARGUMENTS.get(kind)
    place = f"test {kind} of {model.name}{'.' + column if column else ''}"
    if expected is None or (isinstance(declared, dict) and len(declared) != 1):
        raise DefinitionError(
            path, f"{place} is not supported.", f"Tests are {', '.join(compiling.GENERIC_ARGUMENTS)}."
        )
    needed = expected if column else expected | {"column_name"}
    if spec.arguments.keys() != needed:
        raise DefinitionError(
            path, f"{place} needs the arguments {sorted(needed)}, not {sorted(spec.arguments)}."
        )
    refs = (model.name, *_TO_REF.findall(str(spec.arguments.get("to", ""))))
    expression = column or str(spec.arguments["column_name"])
    name = f"{kind}_{model.name}_{re.sub(r'[^a-z0-9]+', '_', expression).strip('_')}"
    return TestCase(name, kind, path, refs, spec.config.severity, expression, spec.arguments)


def _read_singular_tests(root: Path, variables: dict[str, Any]) -> list[TestCase]:
    tests = []
    for path in sorted((root / "tests").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        refs, _, config = _scan(path, text, variables)
        spec = _validated(TestSpec, path, {"config": config})
        if not refs:
            raise DefinitionError(path, "tests no model.", "Read at least one with ref('…').")
        tests.append(TestCase(path.stem, "singular", path, refs, spec.config.severity, sql=text))
    return tests


def _check_model(project: Project, model: Model) -> None:
    for name in model.depends_on:
        if name not in project.models:
            raise DefinitionError(
                model.path, f"reads ref('{name}'), which is not a model.", "Correct the name."
            )
    relations = {project.source_relation(source, table, model.path) for source, table in model.sources}
    relations |= {compiling.relation(project, name) for name in model.depends_on}
    compiling.check_sql(
        model.path, compiling.render_sql(project, model.path, model.sql, project.vars), relations
    )


def _with_tests(project: Project, singular: list[TestCase]) -> Project:
    """Lays each test on the model after which everything that it reads has been built."""
    order = project.order()
    placed: dict[str, list[TestCase]] = {name: [] for name in order}
    for test in [t for model in project.models.values() for t in model.tests] + singular:
        if unknown := [name for name in test.refs if name not in project.models]:
            raise DefinitionError(test.path, f"{test.name} reads ref('{unknown[0]}'), which is not a model.")
        last = max(test.refs, key=order.index)
        if stray := sorted(set(test.refs) - project.upstream([last])):
            raise DefinitionError(
                test.path, f"{test.name} compares {last} with {stray[0]}, which is not upstream of it."
            )
        placed[last].append(test)
    models = {name: replace(model, tests=tuple(placed[name])) for name, model in project.models.items()}
    return replace(project, models=models)
