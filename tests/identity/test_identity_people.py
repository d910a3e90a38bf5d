import duckdb
import polars as pl
import pytest

from common.errors import DefinitionError, UsageError
from identity import ColumnMap, partition_quality, read_map, resolve_table, write_map
from identity.people.describe import describe
from identity.people.features import is_han, make_candidates
from identity.people.guess import guess_map
from identity.people.levels import levels_of
from identity.people.scheme import people_scheme
from identity.people.table import cell, column_of, read_tables
from identity.scoring.estimate import expected_settings, match_weights, random_pairs
from identity.scoring.score import compare_pairs


def table(rows, columns):
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def levels(frame, comparison):
    """The words of the level on which each neighbouring pair of rows lands: rows 1 and 2, 3 and 4 …"""
    con = duckdb.connect()
    try:
        read_tables(con, [frame])
        described = describe(con, guess_map(frame))
        candidates = make_candidates(con, described, han=is_han(described))
        scheme = people_scheme(candidates.columns, len(frame), han=is_han(described))
        left, right = described.of_row[::2], described.of_row[1::2]
        found = levels_of(con, candidates, scheme.comparisons, left, right)
        words = scheme.level_labels()[comparison]
        number = [str(one["output_column_name"]) for one in scheme.comparisons].index(comparison)
        return [words.get(level, "not told") for level in found[:, number].tolist()]
    finally:
        con.close()


def test_chinese_names_land_on_the_level_that_was_meant_though_edit_distances_count_bytes():
    pairs = [
        ("王伟", "王芳", "only the surname agrees"),
        ("王小伟", "王小芳", "one character of the given name differs"),
        ("王小伟", "王晓伟", "names sound the same"),
        ("欧阳明", "欧阳月", "one character of the given name differs"),
        ("张伟", "李伟", "names differ"),
        ("陈大文", "程大文", "the surname differs, the rest agrees"),
        ("张明远", "张远明", "the same characters in another order"),
        ("刘備", "刘备", "the same very common name"),
        ("赵**", "赵云山", "what the mask shows agrees"),
        ("孙一", "孙一", "not told"),
    ]
    rows = [(name, str(19700101 + n)) for n, (a, b, _) in enumerate(pairs) for name in (a, b)]
    rows[-1] = (None, "19900101")
    assert levels(table(rows, ["姓名", "生日"]), "name") == [words for *_, words in pairs]


def test_western_names_agree_in_any_order_by_nickname_and_across_a_slip():
    filler = [("kate", f"filler{n}") for n in range(40)]
    pairs = [
        (("john", "ashcroft"), ("ashcroft", "john"), "the same name"),
        (("bill", "ashcroft"), ("william", "ashcroft"), "one name is part of the other"),
        (("mary", "ashcroft"), ("", "ashcroft"), "one name is part of the other"),
        (("mary", "penhaligon"), ("mary", "pennhaligan"), "words of the names agree, others are alike"),
        (("mary", "ashcroft"), ("mary", "dunn"), "words of the names agree"),
        (("jane", "dunn"), ("rose", "hobbs"), "names differ"),
    ]
    rows = [(*name, f"19{50 + n}-03-0{k + 1}") for n, two in enumerate(pairs) for k, name in enumerate(two[:2])]
    frame = table(rows + [(*name, "1999-01-02") for name in filler], ["first_name", "surname", "dob"])
    found = levels(frame, "name")[: len(pairs)]
    assert [words.split(":")[0] for words in found] == [words for *_, words in pairs]


def test_birth_dates_are_read_in_any_spelling_and_compared_by_digit():
    pairs = [
        ("1980-03-04", "04/03/1980", "the same birth date"),
        ("19800304", "1980年3月4日", "the same birth date"),
        ("1980-03-04", "1980-03-14", "one digit of the birth date differs"),
        ("1980-03-04", "1980-04-03", "two digits of the birth date differ"),
        ("1980", "1980-01-01", "the same birth date, perhaps only the year"),
        ("1980", "1980-07-09", "the same year of birth, one without a day"),
        ("1980-03-04", "1955-11-27", "birth dates differ"),
        ("1980-03-04", "soon", "not told"),
    ]
    rows = [(f"ann {chr(97 + n)}{k}", value) for n, (a, b, _) in enumerate(pairs) for k, value in enumerate((a, b))]
    assert levels(table(rows, ["name", "birth_date"]), "birth_date") == [words for *_, words in pairs]


def test_columns_are_known_by_their_names_in_two_languages():
    frame = table([], ["unique_id", "First Name", "familyName", "DOB", "postcode_fake", "birth_place", "手机号", "邮箱",
                       "身份证号", "会员号", "收货地址", "gender", "cluster", "remark"])  # fmt: skip
    assert guess_map(frame).columns == {
        "unique_id": "record_id",
        "First Name": "given_name",
        "familyName": "surname",
        "DOB": "birth_date",
        "postcode_fake": "postcode",
        "birth_place": "birth_place",
        "手机号": "phone",
        "邮箱": "email",
        "身份证号": "national_id",
        "会员号": "account",
        "收货地址": "address",
        "gender": "gender",
        "cluster": "ignore",
        "remark": "ignore",
    }


def test_columns_without_telling_names_are_known_by_their_contents():
    rows = [
        ("王小伟", "13812345678", "a@example.com", "1980-02-03", "x"),
        ("李芳", "13912345678", "b@example.com", None, "y"),
    ]
    found = guess_map(table(rows, ["c1", "c2", "c3", "c4", "c5"])).columns
    assert found == {"c1": "full_name", "c2": "phone", "c3": "email", "c4": "birth_date", "c5": "ignore"}


def test_a_column_that_only_looks_like_a_birth_date_or_a_name_gives_way_to_one_that_says_it_is():
    rows = [
        ("王小伟", "1980-02-03", "老客", "2024-01-01", "2024-05-06"),
        ("李芳", None, "新客", "2024-01-02", "2024-05-07"),
    ]
    found = guess_map(table(rows, ["姓名", "出生日期", "备注", "注册时间", "c"])).columns
    assert found == {
        "姓名": "full_name",
        "出生日期": "birth_date",
        "备注": "ignore",
        "注册时间": "ignore",
        "c": "ignore",
    }


def test_a_table_that_tells_nobody_apart_is_refused_with_what_to_do():
    with pytest.raises(UsageError, match="give it with --map"):
        resolve_table(table([("a", "b")], ["colour", "size"]))


def people(n=100):
    """Invented people, each told three times: in full, with a slip, and in part."""
    rows = []
    for k in range(n):
        given, family = f"{'bcdfghjk'[k % 8]}{'aeiou'[k % 5]}rian{k % 7}".rstrip("0123456789"), f"{_word(k)}son"
        birth, mail = f"19{40 + k % 60}-0{1 + k % 9}-{10 + k % 19}", f"{_word(k)}{k}@example.com"
        rows += [
            (str(len(rows)), given, family, birth, mail, str(k)),
            (str(len(rows) + 1), given, family[:-1], birth, None, str(k)),
            (str(len(rows) + 2), None, family, None, mail, str(k)),
        ]
    return table(rows, ["id", "first_name", "surname", "dob", "email", "who"])


def _word(k):
    letters = "bcdfghklmnprstvw"
    return letters[k % 16] + "aeiou"[k % 5] + letters[(k // 16) % 16] + "aeiou"[(k // 5) % 5] + letters[(k * 7) % 16]


def test_a_small_table_is_resolved_without_labels_and_measured():
    found = resolve_table(people(), truth="who", with_edges=True)
    assert found.people.columns == ["file", "row", "id", "person_id"]
    assert found.quality.pairwise_precision > 0.97
    assert found.quality.pairwise_recall > 0.9
    assert found.n_people == found.people["person_id"].n_unique()
    strongest = found.edges.sort("match_weight", descending=True).row(0, named=True)
    assert strongest["match_weight"] > 10
    assert '"the same e-mail"' in strongest["evidence"] or '"the same birth date"' in strongest["evidence"]


def test_the_order_of_rows_and_threads_change_nobody():
    frame = people(30)
    one = resolve_table(frame, threads=1).people
    other = resolve_table(frame.sample(fraction=1.0, shuffle=True, seed=5), threads=2).people
    both = one.join(other, on="id", suffix="_other")
    assert partition_quality(both["person_id"], both["person_id_other"]).cluster_f1 == 1.0


def test_equal_account_numbers_are_one_person_whatever_else_is_said():
    rows = [("ann", "smith", "A1"), ("betty", "jones", "A1"), ("carla", "brown", "B2"), ("dora", "white", None)]
    found = resolve_table(table(rows, ["first_name", "surname", "member_id"])).people["person_id"].to_list()
    assert found == [0, 0, 1, 2]


def test_what_a_person_has_one_of_keeps_records_apart():
    frame = people(40)
    twice = pl.concat([frame, frame]).with_columns(
        pl.Series("passport", [str(n // len(frame)) * 8 for n in range(2 * len(frame))])
    )
    said = guess_map(twice, ignore=["who"])
    assert said.columns["passport"] == "national_id"
    found = resolve_table(twice, ColumnMap(said.columns, one_of=("national_id",))).people
    numbers = pl.DataFrame({"person": found["person_id"], "passport": twice["passport"]})
    assert numbers.group_by("person").agg(pl.col("passport").n_unique())["passport"].max() == 1


def test_where_nobody_is_in_a_file_twice_only_files_are_linked(tmp_path):
    frame = people(40).filter(pl.col("email").is_not_null())
    for half in (0, 1):
        frame.gather_every(2, half).write_csv(tmp_path / f"{half}.csv")
    files = [tmp_path / "0.csv", tmp_path / "1.csv"]
    said = guess_map(frame, ignore=["who"])
    found = resolve_table(files, ColumnMap(said.columns, one_per_file=True), truth="who")
    assert found.people.group_by("person_id", "file").len()["len"].max() == 1
    assert found.quality.pairwise_recall > 0.8


def test_a_map_survives_being_written_and_read(tmp_path):
    said = ColumnMap({"名": "full_name", "d o b": "birth_date", "x": "ignore"}, ("birth_date",), True, False)
    write_map(said, tmp_path / "columns.yml")
    assert read_map(tmp_path / "columns.yml") == said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("columns:\n  a: nonsense\n", "unknown role 'nonsense'"),
        ("columns:\n  a: birth_date\n  b: birth_date\n", "2 columns are birth_date"),
        ("colums:\n  a: surname\n", "unknown key 'colums'"),
        ("columns: []\n", "no columns are mapped"),
        ("columns: {a: surname}\none_per_file: perhaps\n", "neither true nor false"),
        ("- a\n", "holds no column map"),
    ],
)
def test_a_wrong_map_is_refused_with_the_remedy(tmp_path, text, complaint):
    (tmp_path / "columns.yml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError, match=complaint):
        read_map(tmp_path / "columns.yml")


def test_files_that_cannot_be_read_are_named_without_their_contents(tmp_path):
    secret = tmp_path / "a.csv"
    secret.write_bytes("姓名,手机\n王小伟,13800000001\n".encode("gb18030"))
    with pytest.raises(UsageError, match=r"a\.csv cannot be read as a table; save it as UTF-8") as told:
        resolve_table(secret)
    assert "13800000001" not in str(told.value)
    with pytest.raises(UsageError, match="There is no file"):
        resolve_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="neither CSV nor Parquet"):
        (tmp_path / "a.xlsx").touch()
        resolve_table(tmp_path / "a.xlsx")


def test_quality_counts_pairs_records_and_whole_people():
    measured = partition_quality(pl.Series([0, 0, 1, 1, 2]), pl.Series(["a", "a", "a", "b", "c"]))
    assert (measured.pairwise_precision, measured.pairwise_recall) == (1 / 2, 1 / 3)
    assert measured.b_cubed_precision == pytest.approx((1 + 1 + 0.5 + 0.5 + 1) / 5)
    assert measured.b_cubed_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert (measured.cluster_precision, measured.cluster_recall) == (1 / 3, 1 / 3)


def test_rows_of_a_file_are_told_in_its_order_however_many_threads_read_it(tmp_path):
    numbers = pl.DataFrame({"id": pl.int_range(0, 250_000, eager=True)})
    numbers.write_parquet(tmp_path / "a.parquet", row_group_size=5_000)
    numbers.write_parquet(tmp_path / "b.parquet", row_group_size=5_000)
    con = duckdb.connect()
    try:
        assert read_tables(con, [tmp_path / "a.parquet", tmp_path / "b.parquet"]) == ["id"]
        told = column_of(con, cell('"id"')).cast(pl.Int64)
        assert told.to_list() == [*range(250_000), *range(250_000)]
    finally:
        con.close()


def test_strangers_are_not_joined_because_others_share_an_account():
    frame = people()
    without = resolve_table(frame).people["person_id"]
    account = [f"A{max(n, 1)}" for n in range(len(frame))]  # the first two rows', which are one person's
    found = resolve_table(frame.with_columns(pl.Series("member_id", account))).people["person_id"]
    assert partition_quality(found, without).pairwise_precision > 0.99


@pytest.mark.parametrize(
    ("han", "names"),
    [
        (True, ["王小伟", "王晓伟", "李芳", "王小伟", "陈大文", "赵**"]),
        (False, ["ann lee", "lee ann", "bo", "ann", "ab", "x"]),
    ],
)
def test_pairs_weigh_what_splink_says_that_they_do(han, names):
    frame = pl.DataFrame({
        "name": names,
        "dob": ["1980-01-02", "1980-01-12", None, "1981-01-02", "1980-01-02", "1999-09-09"],
        "phone": ["13812345678", "13812345679", "13812345678", None, "1391", "13900000000"],
        "email": ["a@x.com", "a@y.com", "b@x.com", "ab@x.com", None, "a@x.com"],
        "city": ["york", "yorke", "leeds", "york", None, "leeds"],
    })  # fmt: skip
    con = duckdb.connect()
    try:
        read_tables(con, [frame])
        described = describe(con, guess_map(frame))
        candidates = make_candidates(con, described, han=is_han(described))
        assert is_han(described) == han
        scheme = people_scheme(candidates.columns, candidates.n, han=han)
        settings = expected_settings(scheme)
        a, b = random_pairs(candidates.n)
        ours = match_weights(settings, levels_of(con, candidates, scheme.comparisons, a, b))
        rows = [pl.Series("unique_id", range(candidates.n)).to_frame()]
        for field, codes in candidates.codes.items():
            at = pl.Series([None if code < 0 else code for code in codes.tolist()], dtype=pl.Int32)
            rows.append(candidates.features[field].select(pl.all().gather(at)))
        con.register("rows", pl.concat(rows, how="horizontal").to_arrow())
        con.register("pairs", pl.DataFrame({"match_key": "0", "join_key_l": a, "join_key_r": b}).to_arrow())
        con.execute("create table candidate as select * from rows")
        con.execute("create table blocked as select * from pairs")
        made = compare_pairs(con, "candidate", "blocked", settings)
        theirs = con.sql(f"select match_weight from {made} order by unique_id_l, unique_id_r").fetchnumpy()
        assert ours == pytest.approx(theirs["match_weight"])
    finally:
        con.close()
