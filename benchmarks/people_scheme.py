"""The scheme of `people_table`, and a frozen model of it: m and u as they are in such a table, nothing trained.

The blocking rules are those of the usual Splink set-up for such tables: phone, e-mail, name with birth date, name with
city, birth date with city and surname.
"""

from typing import Any

import polars as pl

from identity.scoring.model import Model
from identity.scoring.scheme import BlockingRule, Scheme, comparison, level

_M_U = {
    "name": [(0.88, 3e-4), (0.10, 4e-3), (0.02, 0.9957)],
    "phone": [(0.85, 1e-6), (0.02, 1e-5), (0.13, 0.999989)],
    "email": [(0.82, 1e-6), (0.02, 1e-4), (0.16, 0.999899)],
    "birth_date": [(0.97, 5e-5), (0.03, 0.99995)],
    "city": [(0.97, 0.05), (0.03, 0.95)],
}
# Character by character: DuckDB's edit distances count bytes, and a Chinese character has three.
_ONE_CHARACTER = "surname_l = surname_r and length(name_l) = length(name_r) and jaro_similarity(name_l, name_r) >= 0.6"

PEOPLE = Scheme(
    name="people_table",
    columns=("unique_id", "name", "surname", "phone", "email", "email_name", "birth_date", "city"),
    comparisons=(
        comparison(
            "name", "name_l is null or name_r is null",
            level("name_l = name_r", "same name", tf_adjustment_column="name", tf_adjustment_weight=1.0),
            level(_ONE_CHARACTER, "one character differs"), level("ELSE", "names differ"),
        ),
        comparison(
            "phone", "phone_l is null or phone_r is null", level("phone_l = phone_r", "same phone"),
            level("hamming(phone_l, phone_r) = 1", "one digit differs"), level("ELSE", "phones differ"),
        ),
        comparison(
            "email", "email_l is null or email_r is null", level("email_l = email_r", "same e-mail"),
            level("email_name_l = email_name_r", "same e-mail name at another provider"),
            level("ELSE", "e-mails differ"),
        ),
        comparison(
            "birth_date", "birth_date_l is null or birth_date_r is null",
            level("birth_date_l = birth_date_r", "same birth date"), level("ELSE", "birth dates differ"),
        ),
        comparison(
            "city", "city_l is null or city_r is null", level("city_l = city_r", "same city"),
            level("ELSE", "other city"),
        ),
    ),
    blocking=(
        BlockingRule("phone", "phone", largest_block=20),
        BlockingRule("e-mail", "email", largest_block=20),
        BlockingRule("name and birth date", "name || '|' || birth_date"),
        BlockingRule("name and city", "name || '|' || city", largest_block=30),
        BlockingRule("birth date, surname and city", "birth_date || '|' || surname || '|' || city"),
    ),
    training_rules=("l.phone = r.phone", "l.name = r.name and l.birth_date = r.birth_date"),
)  # fmt: skip


def prepared(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `people_table` as the scheme compares them; the clerk's phone is nobody's."""
    compound = pl.col("name").str.contains("^(?:欧阳|上官|司马|诸葛|尉迟)")
    phone = pl.col("phone")
    return rows.select(
        pl.col("record_id").alias("unique_id"),
        "name",
        pl.when(compound).then(pl.col("name").str.head(2)).otherwise(pl.col("name").str.head(1)).alias("surname"),
        pl.when(phone != "13800000000").then(phone).alias("phone"),
        "email",
        pl.col("email").str.split("@").list.first().alias("email_name"),
        "birth_date",
        "city",
    )


def frequencies(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """How common each name is, from a sample that is then kept."""
    counted = rows.group_by(pl.col("name").alias("value")).len()
    return {"name": counted.select("value", (pl.col("len") / len(rows)).alias("tf")).sort("value")}


def frozen_model(n_rows: int) -> Model:
    """The model, its prior set for a table of about so many rows: about one true pair in two rows."""
    settings: dict[str, Any] = PEOPLE.settings(n_rows)
    for one in settings["comparisons"]:
        levels = [x for x in one["comparison_levels"] if not x.get("is_null_level")]
        for told, (m, u) in zip(levels, _M_U[one["output_column_name"]], strict=True):
            told["m_probability"], told["u_probability"] = m, u
    return Model("people_table", settings)
