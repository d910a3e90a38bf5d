"""A three-model project in dbt's format."""

from pathlib import Path

FILES = {
    "dbt_project.yml": """
name: guiyi
config-version: 2
models:
  guiyi:
    staging: {+materialized: view, +database: lake, +schema: staging}
    intermediate: {+materialized: ephemeral}
    core: {+materialized: table, +schema: core}
""",
    "models/sources.yml": """
version: 2
sources:
  - name: touchpoints
    description: "d · 描述"
    database: lake
    schema: touchpoints
    tables:
      - name: orders
        description: "d · 描述"
        columns:
          - {name: order_key, data_type: varchar}
          - {name: amount, data_type: double}
""",
    "models/staging/stg_orders.sql": "select order_key, amount from {{ source('touchpoints', 'orders') }}",
    "models/intermediate/int_orders.sql": "select order_key, amount from {{ ref('stg_orders') }}",
    "models/core/orders.sql": "select order_key, amount * 2 as amount from {{ ref('int_orders') }}",
    "models/models.yml": """
version: 2
models:
  - name: stg_orders
    description: "One row per order · 每单一行"
    columns:
      - {name: order_key, description: "Key · 键", data_type: varchar}
      - {name: amount, description: "Amount · 金额", data_type: double}
  - name: int_orders
    description: "One row per order · 每单一行"
    columns:
      - {name: order_key, description: "Key · 键", data_type: varchar}
      - {name: amount, description: "Amount · 金额", data_type: double}
  - name: orders
    description: "One row per order · 每单一行"
    columns:
      - name: order_key
        description: "Key · 键"
        data_type: varchar
        data_tests: [unique]
      - name: amount
        description: "Amount · 金额"
        data_type: double
        data_tests:
          - not_null: {config: {severity: warn}}
""",
}


def write_project(root: Path) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
