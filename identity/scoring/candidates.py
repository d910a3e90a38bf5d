"""Candidates: the rows that scoring compares, one per sure cluster (or per description, for training).

Belongs here: gathering what the parties of a cluster say into one row. Columns that may hold several true values
(phones, addresses, e-mails) are lists, so that an old and a new address are both there to agree with.
"""

import polars as pl

from identity.graph import Keys
from identity.parties import Parties

CANDIDATE_COLUMNS = (
    "unique_id",
    "full_name",
    "name",
    "quality",
    "surname",
    "name_pinyin",
    "gender",
    "birth_date",
    "city_code",
    "cities",
    "districts",
    "addresses",
    "doors",
    "estates",
    "phones",
    "phone_masks",
    "phone_forms",
    "phone_slips",
    "emails",
    "email_names",
    "nicknames",
)


def candidates(parties: Parties, label: Keys) -> pl.DataFrame:
    """One row per cluster that says a name: `CANDIDATE_COLUMNS`, `unique_id` being the cluster.

    Args:
        label: per party (position = party key), the cluster that it belongs to.
    """
    party = parties.party.with_columns(pl.Series("unique_id", label)).with_columns(
        pl.when(pl.col("quality") == "nick").then(None).otherwise(pl.col("name")).alias("name")
    )
    rows = _name(party)
    rows = rows.join(_most_frequent(party, "gender"), on="unique_id", how="left")
    rows = rows.join(_most_frequent(party, "birth_date"), on="unique_id", how="left")
    rows = rows.join(_most_frequent(party, "city_code"), on="unique_id", how="left")
    rows = rows.join(_places(party), on="unique_id", how="left")
    rows = rows.join(_reach(parties.identifier, party), on="unique_id", how="left")
    rows = rows.join(_nicknames(party), on="unique_id", how="left")
    rows = rows.with_columns(pl.when(pl.col("quality") == "full").then(pl.col("name")).alias("full_name"))
    return rows.select(CANDIDATE_COLUMNS).sort("unique_id")


def descriptions(parties: Parties) -> Keys:
    """A label per party under which parties that say exactly the same of themselves are one.

    Training needs them: after the sure rules the easy matches are gone, and what they teach with them.
    """
    said = (
        parties.identifier.filter(pl.col("id_type").is_in(["phone", "phone_masked", "email"]))
        .group_by("party")
        .agg(pl.col("id_value").sort().str.join(" ").alias("reach"))
    )
    columns = ["name", "quality", "gender", "birth_date", "city_code", "district_code", "address", "reach"]
    numbered = parties.party.join(said, on="party", how="left").with_columns(
        pl.col("party").min().over(columns).alias("label")
    )
    return numbered.sort("party")["label"].to_numpy().astype("int64")


def _name(party: pl.DataFrame) -> pl.DataFrame:
    """The name of each cluster: full before masked before title, then the most frequent, then the first by text."""
    rank = pl.col("quality").replace_strict({"full": 0, "masked": 1, "title": 2}, default=3, return_dtype=pl.Int8)
    return (
        party.filter(pl.col("name").is_not_null())
        .group_by("unique_id", "name", "quality", "surname", "name_pinyin")
        .agg(pl.len().alias("n"))
        .with_columns(rank.alias("rank"))
        .sort("unique_id", "rank", "n", "name", descending=[False, False, True, False])
        .unique("unique_id", keep="first", maintain_order=True)
        .select("unique_id", "name", "quality", "surname", "name_pinyin")
    )


def _most_frequent(party: pl.DataFrame, column: str) -> pl.DataFrame:
    return (
        party.filter(pl.col(column).is_not_null())
        .group_by("unique_id", column)
        .agg(pl.len().alias("n"))
        .sort("unique_id", "n", column, descending=[False, True, False])
        .unique("unique_id", keep="first", maintain_order=True)
        .select("unique_id", column)
    )


def with_place_keys(party: pl.DataFrame) -> pl.DataFrame:
    """The rows that tell a place, with `address_key` (the whole address) and `door_key`; both null where too vague."""
    text = pl.col("address").str.replace_all(r"[\s\p{P}]", "").str.to_lowercase()
    # 教工北路670号春江小区25栋2单元1503室, 春江小区25-2-1503 and 春江小区25幢2单元1503室(教工北路670号) are one door:
    # the estate's name and the last three numbers say so; the street may be written or not.
    bare = pl.col("address").str.replace_all(r"[(（][^)）]*[)）]", "")
    numbers = bare.str.extract_all(r"\d+")
    estate = bare.str.extract(r"([\p{Han}]{2,})\d+[^\d]+\d+[^\d]+\d+[^\d]*$").str.replace(r"^号", "")
    door = pl.coalesce(estate, pl.lit("")) + "|" + numbers.list.tail(3).list.join("-")
    # 枫林路300号枫丹公寓 has no door, but an estate.
    only = bare.str.extract(r"号([\p{Han}]{2,})$")
    place = pl.coalesce("city_code", "province_code", "country")
    return party.filter(pl.col("city_code").is_not_null() | pl.col("address").is_not_null()).with_columns(
        pl.when(text.str.len_chars() >= 4).then(place + "|" + text).alias("address_key"),
        pl.when(numbers.list.len() >= 2).then(place + "|" + door).alias("door_key"),
        (place + "|" + pl.coalesce(pl.when(estate != "").then(estate), only)).alias("estate_key"),
    )


def _places(party: pl.DataFrame) -> pl.DataFrame:
    """Cities, districts, whole addresses and doors (estate, building, unit, room): sorted lists of distinct values."""
    return (
        with_place_keys(party)
        .group_by("unique_id")
        .agg(
            pl.col("city_code").drop_nulls().unique().sort().alias("cities"),
            pl.col("district_code").drop_nulls().unique().sort().alias("districts"),
            pl.col("address_key").drop_nulls().unique().sort().alias("addresses"),
            pl.col("door_key").drop_nulls().unique().sort().alias("doors"),
            pl.col("estate_key").drop_nulls().unique().sort().alias("estates"),
        )
        .with_columns(_null_if_empty("cities", "districts", "addresses", "doors", "estates"))
    )


def _reach(identifier: pl.DataFrame, party: pl.DataFrame) -> pl.DataFrame:
    """Phones, masked phones with every masked form of the plain ones, e-mails and their local parts."""
    carried = identifier.join(party.select("party", "unique_id"), on="party")
    is_first = pl.col("holder") == ""
    held = pl.when(is_first).then("id_value").otherwise(pl.col("id_value") + "/" + pl.col("holder")).alias("id_value")
    of_type = {
        kind: carried.filter(pl.col("id_type") == kind).select("unique_id", "id_value").unique()
        for kind in ("phone", "phone_masked", "email")
    }
    plain = of_type["phone"]
    mainland = pl.col("id_value").str.contains(r"^1\d{10}$")
    v = pl.col("id_value")
    # The masks that the platforms print: JD 1+4, most others 3+4, Youzan's customer list 3+2. A phone, plain or masked,
    # has every form that shows no more of it than is known.
    jd = v.str.slice(0, 1) + "******" + v.str.slice(7)
    common = v.str.slice(0, 3) + "****" + v.str.slice(7)
    youzan = v.str.slice(0, 3) + "******" + v.str.slice(9)
    forms = pl.concat(
        [
            rows.select("unique_id", pl.concat_list(*shown).alias("id_value")).explode("id_value")
            for rows, shown in (
                (plain.filter(mainland), (jd, common, youzan)),
                (of_type["phone_masked"].filter(v.str.contains(r"^1\d{2}\*{4}\d{4}$")), (jd, common, youzan)),
                (of_type["phone_masked"], (v,)),
            )
        ]
    )
    # What is known of each number: the mask as printed, of a plain one its beginning and its end. Two numbers agree
    # where what is known of the one is a form of the other; a form that both merely share may hide that they differ.
    known = pl.concat([of_type["phone_masked"], plain.filter(mainland).with_columns(common.alias("id_value"))])
    # One digit misheard: two numbers that differ in one digit have one of these in common.
    slips = plain.filter(mainland).select(
        "unique_id",
        pl.concat_list(v.str.slice(0, n) + "_" + v.str.slice(n + 1) for n in range(3, 11)).alias("id_value"),
    )
    mails = of_type["email"].with_columns(_mended(v).alias("id_value"))
    local = mails.select("unique_id", pl.col("id_value").str.split("@").list.first().alias("id_value"))
    # Only one holder's phone is the same phone.
    of_holder = carried.filter(pl.col("id_type") == "phone").select("unique_id", held).unique()
    out = _listed(of_holder, "phones")
    for frame, name in (
        (known, "phone_masks"),
        (forms, "phone_forms"),
        (slips.explode("id_value"), "phone_slips"),
        (mails, "emails"),
        (local, "email_names"),
    ):
        out = out.join(_listed(frame, name), on="unique_id", how="full", coalesce=True)
    return out


# Providers as they are often mistyped.
_MISTYPED = {
    "gmial.com": "gmail.com", "gamil.com": "gmail.com", "gmai.com": "gmail.com", "gmail.con": "gmail.com",
    "gmail.co": "gmail.com", "qq.con": "qq.com", "qq.cm": "qq.com", "qq.co": "qq.com", "qq.cn": "qq.com",
    "163.con": "163.com", "163.cm": "163.com", "126.con": "126.com", "hotmial.com": "hotmail.com",
    "hotmail.con": "hotmail.com", "outlok.com": "outlook.com", "outlook.con": "outlook.com", "yaho.com": "yahoo.com",
    "yahoo.con": "yahoo.com", "sina.con": "sina.com", "foxmail.con": "foxmail.com", "iclod.com": "icloud.com",
}  # fmt: skip


def _mended(email: pl.Expr) -> pl.Expr:
    """An e-mail with its provider as it must have been meant."""
    parts = email.str.splitn("@", 2)
    host = parts.struct.field("field_1")
    return parts.struct.field("field_0") + "@" + host.replace(_MISTYPED)


def _nicknames(party: pl.DataFrame) -> pl.DataFrame:
    """What people call themselves in their accounts, if it can be told from a word: unique_id, nicknames.

    静待花开 is what thousands call themselves, and namesakes of one city among them; kettle_1987 is one account's.
    """
    nick = pl.col("nickname").str.to_lowercase()
    is_own = (nick.str.len_chars() >= 4) & nick.str.contains(r"\d") | (nick.str.len_chars() >= 7)
    return _listed(party.filter(is_own).select("unique_id", nick.alias("id_value")), "nicknames")


def _listed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.group_by("unique_id").agg(pl.col("id_value").unique().sort().alias(name))


def _null_if_empty(*columns: str) -> list[pl.Expr]:
    return [pl.when(pl.col(c).list.len() > 0).then(pl.col(c)).alias(c) for c in columns]
