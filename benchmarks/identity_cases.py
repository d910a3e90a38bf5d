"""What the benchmark of OneID quality counts besides the usual measures: shared numbers, blocking rules, rates."""

from pathlib import Path

import duckdb
import polars as pl

from identity.graph import Keys
from identity.measuring.evaluate import KEYS, compared
from identity.parties import Parties
from identity.scoring.blocking import block
from identity.scoring.retail import RETAIL

SHARED_RATES = (
    "Every two people of whom the files show one and the same number in the clear, now or in an older version. Merged: "
    "most records of both are one OneID's. Touched: at least one record of the one is in the OneID that holds most of "
    "the other's, a message to the number included. Without messages: the same where the brand's own messages and "
    "lists, which show nothing but the number, are left out; the world sends some of them to who registered the number "
    "out of sight."
)


def national_ids(parties: Parties, record_map: Path) -> int:
    """People with two different valid national ids."""
    number = parties.identifier.filter((pl.col("id_type") == "national_id") & (pl.col("strength") == "exact"))
    party = parties.party.select("party", "record_id", "role")
    one_id = pl.read_parquet(record_map, columns=["record_id", "role", "one_id"])
    held = number.join(party, on="party").join(one_id, on=["record_id", "role"])
    return int((held.group_by("one_id").agg(pl.col("id_value").n_unique().alias("n"))["n"] > 1).sum())


def numbers_lines(folder: Path, record_map: Path, key: bytes) -> list[str]:
    """A table of the people who use one number, by why they do."""
    both, _, _ = compared(record_map, folder / "truth" / "party.parquet", key)
    tables = folder / "touchpoints"
    known = pl.concat(pl.read_parquet(tables / f"{name}.parquet") for name in ("identifier", "identifier_former"))
    said = known.filter(pl.col("id_type") == "phone").select("record_id", "role", "id_value")
    user = said.join(both, on=["record_id", "role"]).select("id_value", "person_id").unique()
    pair = (
        user.join(user, on="id_value", suffix="_b")
        .filter(pl.col("person_id") < pl.col("person_id_b"))
        .select("person_id", "person_id_b").unique()
    )  # fmt: skip
    person = pl.read_parquet(folder / "truth" / "person.parquet").select(
        "person_id", "household", shares="is_shared_phone", heir="is_recycled_phone", donor="is_gave_up_phone"
    )
    pair = pair.join(person, on="person_id", how="left").join(
        person.rename({c: f"{c}_b" for c in person.columns}), on="person_id_b", how="left"
    )
    is_shared = (pl.col("household") == pl.col("household_b")) & (pl.col("shares") | pl.col("shares_b"))
    is_recycled = (pl.col("heir") & pl.col("donor_b")) | (pl.col("heir_b") & pl.col("donor"))
    why = pl.when(is_shared).then(pl.lit("shared")).when(is_recycled).then(pl.lit("recycled"))
    pair = pair.with_columns(why.otherwise(pl.lit("clerks, shops, gifts")).alias("why"))
    spoken = _outcome(pair, both.filter(~pl.col("record_type").is_in(["message", "campaign_member"])))
    flags = ["is_merged", "is_touched"]
    found = _outcome(pair, both).join(
        spoken.select("person_id", "person_id_b", *flags), on=["person_id", "person_id_b"], how="left", suffix="_spoken"
    )
    counted = (
        found.group_by("why")
        .agg(pl.len().alias("n"), *(pl.col(c).sum() for f in flags for c in (f, f"{f}_spoken")))
        .sort("why")
    )
    outcomes = ("merged", "without messages", "touched", "without messages")
    lines = ["| why | pairs of people | " + " | ".join(f"{o} | rate" for o in outcomes) + " |", "|---|" + "---:|" * 9]
    return lines + [
        f"| {why} | {n:,} | " + " | ".join(f"{one} | {one / n:.4f}" for one in counts) + " |"
        for why, n, *counts in counted.iter_rows()
    ]


def _outcome(pair: pl.DataFrame, both: pl.DataFrame) -> pl.DataFrame:
    """Whether each pair of people is merged, or touched, by the OneIDs."""
    held = both.group_by("person_id", "one_id").len().sort("len", "one_id", descending=[True, False])
    main = held.unique("person_id", keep="first", maintain_order=True).select("person_id", main="one_id")
    mixed = (
        held.join(main.rename({"person_id": "person_id_b", "main": "one_id"}), on="one_id")
        .filter(pl.col("person_id") != pl.col("person_id_b"))
        .select(pl.min_horizontal("person_id", "person_id_b").alias("person_id"),
                pl.max_horizontal("person_id", "person_id_b").alias("person_id_b"))
        .unique().with_columns(is_touched=True)
    )  # fmt: skip
    return (
        pair.join(main, on="person_id")
        .join(main.rename({"person_id": "person_id_b", "main": "main_b"}), on="person_id_b")
        .join(mixed, on=["person_id", "person_id_b"], how="left")
        .with_columns((pl.col("main") == pl.col("main_b")).alias("is_merged"), pl.col("is_touched").fill_null(False))
    )


def blocking_lines(rows: pl.DataFrame, parties: Parties, sure: Keys, truth: Path, key: bytes) -> list[str]:
    """A table of the blocking rules: pairs that each adds and finds, and the share of true pairs among them."""
    true = _true_pairs(rows, parties, sure, truth, key)
    con = duckdb.connect()
    con.register("rows", rows.to_arrow())
    con.execute("create table candidate as select * from rows order by unique_id")
    con.register("true_pair", true.to_arrow())
    added = block(con, "candidate", RETAIL.blocking)
    found = _hits(con)
    lines = [
        f"{len(rows):,} candidates, {len(true):,} true pairs of them within reachable components; all rules together "
        f"find {found / max(len(true), 1):.4f} of those in {sum(added.values()):,} pairs.", "",
        "| rule | pairs it adds | pairs it finds alone | true pairs it finds alone | share of the truth |",
        "|---|" + "---:|" * 4,
    ]  # fmt: skip
    for rule in RETAIL.blocking:
        n = sum(block(con, "candidate", (rule,)).values())
        hits = _hits(con)
        lines.append(f"| {rule.name} | {added[rule.name]:,} | {n:,} | {hits:,} | {hits / max(len(true), 1):.4f} |")
    con.close()
    return lines


def _hits(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.sql("""
        select count(*) from true_pair t join blocked_pairs b on b.join_key_l = t.a and b.join_key_r = t.b
    """).fetchall()[0][0])  # fmt: skip


def _true_pairs(rows: pl.DataFrame, parties: Parties, sure: Keys, truth: Path, key: bytes) -> pl.DataFrame:
    """Pairs of candidates that share a reachable component: a < b."""
    known = parties.party.with_columns(pl.Series("one_id", sure).cast(pl.String)).select(*KEYS, "record_id", "one_id")
    path = truth.with_name("sure.parquet")
    known.write_parquet(path)
    both, _, _ = compared(path, truth, key)
    path.unlink()
    side = both.select(pl.col("one_id").cast(pl.Int64).alias("a"), "component").unique()
    side = side.join(rows.select(pl.col("unique_id").alias("a")), on="a", how="semi")
    return (
        side.join(side.rename({"a": "b"}), on="component").filter(pl.col("a") < pl.col("b")).select("a", "b").unique()
    )


def rates_lines(folder: Path) -> list[str]:
    """What was asked of the simulator, as it came out: shares of people and of orders."""
    person = pl.read_parquet(folder / "truth" / "person.parquet").filter("in_landing")
    party = pl.read_parquet(folder / "truth" / "party.parquet")
    receiver = party.filter(pl.col("role") == "receiver")
    identifier = pl.read_parquet(folder / "touchpoints" / "identifier.parquet").filter(pl.col("role") == "receiver")
    shown = identifier.filter(pl.col("id_scope") == "CN").group_by("record_id").agg(
        (pl.col("id_type") == "phone").any().alias("plain"), (pl.col("id_type") == "phone_masked").any().alias("masked")
    )  # fmt: skip
    flags = (
        "changed_phone",
        "second_phone",
        "shared_phone",
        "recycled_phone",
        "namesake",
        "single_source",
        "two_wechats",
    )
    rates = {flag.replace("_", " "): float(person[f"is_{flag}"].mean()) for flag in flags}  # type: ignore[arg-type]  # shares
    rates["gift (of orders)"] = float((receiver["phenomenon"] == "gift").mean())  # type: ignore[arg-type]  # a share
    masked = shown.select((pl.col("masked") & ~pl.col("plain")).mean()).item()
    rates["masked receiver (of domestic orders)"] = float(masked)
    lines = ["| phenomenon | share |", "|---|---:|"]
    return lines + [f"| {name} | {share:.3f} |" for name, share in rates.items()]
