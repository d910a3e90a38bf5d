"""The data dictionary page, generated from the models' YAML: `python -m dbt_like_sql.dictionary` writes it.

Only published tables are listed; what a column means is said in its model's YAML and nowhere else.
"""

from pathlib import Path

from dbt_like_sql.project import Model, Project, load_project

PAGE = Path("docs/data-dictionary.md")
SCHEMAS = {"core": "what happened", "customer": "one person at a time", "marts": "figures to look at"}
_HEAD = """# Data dictionary · 数据字典

Generated from the YAML beside the models in `dbt_like_sql/models`; change it there and run
`python -m dbt_like_sql.dictionary`. The tables lie in `warehouse.duckdb`; `describe` and `duckdb_columns()` show the
same descriptions there. Columns that end in `_at` are UTC, in `_date` local dates of the business time zone, in `_cny`
yuan. Only what happened up to the end of the as-of day is in them. No column holds a phone number, a name, an e-mail
address, a street or a national id; *personal* marks what still describes a person. No name needs quotes in SQL.
"""


def data_dictionary(project: Project) -> str:
    """The page as Markdown: each published table with its grain, what it is made from, and its columns."""
    parts = [_HEAD]
    for schema, about in SCHEMAS.items():
        models = sorted((m for m in project.models.values() if m.schema == schema), key=lambda model: model.name)
        parts += [f"## {schema}: {about}\n", *(_table(model) for model in models)]
    return "\n".join(parts)


def _table(model: Model) -> str:
    english, chinese = _languages(model.description)
    keys = {test.column for test in model.tests if test.kind == "unique"}
    lines = [f"### {model.schema}.{model.name}\n", f"{english}.\n\n{chinese}。\n"]
    lines += [f"Key: {', '.join(f'`{key}`' for key in sorted(keys))}.\n"]
    lines += ["| column | type | meaning | 含义 | personal |", "|---|---|---|---|---|"]
    for column in model.columns:
        meaning, meaning_zh = _languages(column.description)
        personal = column.config.meta.get("pii", "")
        lines.append(f"| `{column.name}` | {column.data_type or ''} | {meaning} | {meaning_zh} | {personal} |")
    return "\n".join(lines) + "\n"


def _languages(description: str) -> tuple[str, str]:
    english, _, chinese = description.replace("|", "\\|").partition(" · ")
    return english, chinese


if __name__ == "__main__":
    PAGE.write_text(data_dictionary(load_project()), encoding="utf-8")
