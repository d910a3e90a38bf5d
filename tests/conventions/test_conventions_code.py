"""The house itself: who may import whom, what happens at import, what every module says of itself."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "common": set(),
    "touchpoints": {"common"},
    "identity": {"common"},
    "dbt_like_sql": {"common"},
    "profiles": {"common"},
    "analyses": {"common"},
    "warehouse": {"common"},
    "segments": {"common", "warehouse"},
    "console": {"common", "identity", "segments", "warehouse"},
    "simulator": {"common", "touchpoints"},
    "assets": {
        "common", "touchpoints", "identity", "dbt_like_sql", "profiles", "analyses", "warehouse", "segments",
    },
    "pipelines": {
        "common", "touchpoints", "identity", "dbt_like_sql", "profiles", "analyses", "warehouse", "segments",
        "simulator", "assets", "console",
    },
}  # fmt: skip
WITH_DAGSTER = {"assets", "pipelines"}
# Drivers that pin old versions of DuckDB, Polars or Great Expectations, or go to the network.
FORBIDDEN = {"dagster_duckdb", "dagster_polars", "dagster_ge", "dagster_pandera", "requests", "urllib3", "httpx"}
# Imported where they are used, since each takes seconds.
SLOW = {"great_expectations", "splink"}
READS = {
    "open", "getenv", "environ", "read_text", "read_bytes", "read_csv", "read_parquet", "read_json", "safe_load",
    "now", "today", "utcnow", "connect", "getcwd", "cwd", "glob", "rglob", "iterdir", "exists",
}  # fmt: skip
MODULES = sorted(path for package in ALLOWED for path in (ROOT / package).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(nodes: Iterator[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that runs when a module is imported: not the bodies of functions, nor what only types need."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for outside in (*child.decorator_list, *child.args.defaults, *child.args.kw_defaults):
                if outside is not None:
                    yield from ast.walk(outside)
        elif isinstance(child, ast.Lambda) or (isinstance(child, ast.If) and "__name__" in ast.dump(child.test)):
            continue
        else:
            yield child
            yield from _at_import(child)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_package_imports_only_what_its_layer_may(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    strangers = _imports(ast.walk(_tree(path))) & (ALLOWED.keys() - ALLOWED[package] - {package})
    assert not strangers, f"{package} may not import {strangers}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_module_imports_what_the_house_does_without(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    tree = _tree(path)
    found = _imports(ast.walk(tree))
    assert not found & FORBIDDEN
    if package not in WITH_DAGSTER:
        assert "dagster" not in found, "libraries know nothing of Dagster"
    if package != "identity":
        assert not _imports(_at_import(tree)) & SLOW, "import it where it is used"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_nothing_is_read_at_import(path: Path) -> None:
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in _at_import(_tree(path))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert not names & READS


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_belongs_in_it_and_is_not_too_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 400


def test_importing_everything_opens_no_file_of_the_project() -> None:
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES]
    modules = [name.removesuffix(".__init__") for name in modules]
    script = f"""
import importlib, sys
opened = []
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith({str(ROOT)!r} + "/"):
        path = str(arguments[0])
        if "/.venv/" not in path and not path.endswith((".py", ".pyc")) and "__pycache__" not in path:
            opened.append(path)
sys.addaudithook(watch)
for name in {modules!r}:
    importlib.import_module(name)
print(opened)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert not re.search(r"://|index-url|find-links|trusted-host| @ ", text)


def test_no_file_that_installs_names_a_package_index() -> None:
    for name in ("Makefile", ".ci/run", "pyproject.toml"):
        text = (ROOT / name).read_text()
        assert not re.search(r"https?://(?!localhost)|--(extra-)?index|find-links|UV_INDEX|PIP_INDEX", text), name


def test_every_yaml_and_sql_file_is_packaged() -> None:
    packaged = (ROOT / "pyproject.toml").read_text()
    suffixes = {p.suffix for package in ALLOWED for p in (ROOT / package).rglob("*") if p.is_file()}
    for suffix in suffixes - {".py", ".pyc", ".typed", ".lock"}:
        assert f'"*{suffix}"' in packaged, suffix
