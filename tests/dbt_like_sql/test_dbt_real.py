"""Real dbt builds the same folder to the same tables.

Needs dbt-core 1.11 with dbt-duckdb, which does not live with this project's dependencies: install it in a
virtual environment of its own and name its `dbt` in GUIYI_DBT, or put it on the PATH.
"""

import os
import shutil
import subprocess

import duckdb
import pytest
from dbt_world import AS_OF, SOURCES, VARS, one_of_everything, rows

from dbt_like_sql.project import PACKAGE_ROOT, load_project
from dbt_like_sql.runner import mount

DBT = os.environ.get("GUIYI_DBT") or shutil.which("dbt")


@pytest.mark.slow
@pytest.mark.skipif(
    not DBT, reason="dbt is not installed: put dbt-core 1.11 and dbt-duckdb on the PATH or in GUIYI_DBT"
)
def test_real_dbt_builds_the_same_tables(tmp_path):
    project = load_project()
    ours = one_of_everything().build(project, tmp_path / "data")
    files = shutil.ignore_patterns("*.py", "__pycache__")
    folder = shutil.copytree(PACKAGE_ROOT, tmp_path / "project", ignore=files)
    (folder / "profiles.example.yml").rename(folder / "profiles.yml")
    with duckdb.connect() as lake:
        lake.execute(f"attach '{tmp_path}/lake.duckdb' as lake")
        for source in SOURCES:
            mount(lake, project, source, tmp_path / "data" / source)

    command = [DBT, "build", "--project-dir", folder, "--profiles-dir", folder, "--vars", str(VARS)]
    offline = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    result = subprocess.run(command, cwd=tmp_path, env=offline, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout

    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as theirs:
        assert AS_OF in str(theirs.execute("select max(as_of_date) from customer.customer_360").fetchall()[0][0])
        tables = [m.relation for m in project.models.values() if m.schema in ("core", "customer", "marts")]
        for table in tables:
            query = f"select * from {table} order by all"
            assert theirs.execute(query).fetchall() == rows(ours, query), table
            assert theirs.execute(f"describe {table}").fetchall() == rows(ours, f"describe {table}"), table
