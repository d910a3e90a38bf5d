import polars as pl
import pytest

from common.errors import DefinitionError
from common.keys import keyed_hash
from identity.keeping.keeping import Keeping
from identity.keeping.stewards import read_overrides
from identity.pipeline import resolve

WANG = {"name": "王小伟", "name_simplified": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
LI = {"name": "李娜", "name_simplified": "李娜", "surname": "李", "name_pinyin": "li na"}
HEAD = "decision,a,b,who,when,note"


@pytest.fixture
def home(world, tmp_path):
    """Runs one after another in a home with an `identity` folder; gives the ids and the run's public tables."""

    class Home:
        folder = tmp_path / "identity"
        last = None

        def decide(self, *lines):
            self.folder.mkdir(exist_ok=True)
            (self.folder / "overrides.csv").write_text("\n".join([HEAD, *lines]) + "\n", "utf-8")

        def run(self, run_id="r1"):
            out = tmp_path / run_id
            self.report = resolve(
                world.write(), public=out / "public", private=out / "private",
                previous=self.last / "public" if self.last else None, models=tmp_path / "models", key=b"k",
                run_id=run_id, keeping=Keeping(self.folder, self.last / "private" if self.last else None),
            )  # fmt: skip
            self.last = out
            ids = self.table("record_map")
            return {r["record_id"]: r["one_id"] for r in ids.iter_rows(named=True)}

        def table(self, name):
            return pl.read_parquet(self.last / "public" / f"{name}.parquet")

    return Home()


def test_a_steward_makes_one_of_two_whom_nothing_joins(world, home):
    a, b = world.say(1, [("national_id", "A")], **WANG), world.say(2, [("national_id", "B")], **LI)
    assert home.run()[a] != home.run()[b]
    home.decide(f"same,{a},pos/a/customer/2,anna,2026-11-20,married")
    ids = home.run("r2")
    assert ids[a] == ids[b]
    assert set(home.table("change")["cause"]) == {"steward"}
    assert home.table("edge").filter(rule="steward").height == 1


def test_a_steward_parts_two_whom_an_identifier_joins_and_taking_the_word_back_joins_them_again(world, home):
    phone = ("phone", "13900000001")
    a, b = world.say(1, [phone], **WANG), world.say(2, [phone], **WANG)
    first = home.run()
    home.decide(f"different,{a}@member,{b}@member,anna,2026-11-20,twins")
    parted = home.run("r2")
    assert first[a] == first[b] and parted[a] != parted[b]
    assert set(home.table("change")["cause"]) == {"steward"}
    home.decide()
    again = home.run("r3")
    assert again[a] == again[b] == first[a]
    assert set(home.table("change")["cause"]) == {"steward"}


def test_a_blocked_value_joins_nobody_and_speaks_for_nobody(world, home):
    till = ("phone", "13900000001")
    a, b = world.say(1, [till], **WANG), world.say(2, [till], **WANG)
    assert home.run()[a] == home.run()[b]
    home.decide("block_value,phone,13900000001,anna,2026-11-20,the shop's own")
    ids = home.run("r2")
    assert ids[a] != ids[b]
    value = home.table("identifier_value").row(0, named=True)
    assert (value["status"], value["reason"]) == ("blocked", "blocked by a steward")
    assert "13900000001" not in str(home.table("override").rows())


def test_an_allowed_value_counts_although_it_looks_like_a_placeholder(world, home):
    odd = ("phone", "13800138000")
    a, b = world.say(1, [odd], **WANG), world.say(2, [odd], source="aliyun_sms", role="contact")
    ids = home.run()
    assert ids[a] != ids[b]
    home.decide(f"allow_value,phone,{keyed_hash('13800138000', b'k')},anna,2026-11-20,it is really hers")
    ids = home.run("r2")
    assert ids[a] == ids[b]


def test_the_later_word_counts_and_the_earlier_is_told_as_superseded(world, home):
    a, b = world.say(1, **WANG), world.say(2, **LI)
    home.decide(f"different,{a},{b},anna,2026-11-21,", f"same,{b},{a},bob,2026-11-20,")
    ids = home.run()
    assert ids[a] != ids[b]
    told = dict(home.table("override").select("decision", "status").iter_rows())
    assert told == {"different": "applied", "same": "superseded"}


def test_decisions_that_cannot_all_be_true_are_told_and_the_oldest_gives_way(world, home):
    a, b, c = (world.say(n, **WANG) for n in range(3))
    home.decide(
        f"different,{a},{c},anna,2026-11-19,", f"same,{a},{b},anna,2026-11-20,", f"same,{b},{c},anna,2026-11-21,"
    )
    ids = home.run()
    assert ids[a] == ids[b] == ids[c]
    assert home.report.overrides_not_applied == [
        "overrides.csv line 2: later decisions together say that the two are same; withdraw those or this one."
    ]


def test_a_decision_that_means_nothing_in_this_run_is_told_in_a_sentence_and_as_a_row(world, home):
    a = world.say(1, [("phone", "13900000001")], **WANG)
    order = world.order(2, buyer=[("jd_pin", "p")], receiver=[("phone", "13900000002")], **LI)
    home.decide(
        f"same,{a},gone,anna,,", f"same,{a},{order},anna,,", f"same,{a},{a},anna,,", f"samme,{a},{order},anna,,",
        "block_value,phone,13900000009,anna,,", f"same,{a},{order}@payer,anna,,",
    )  # fmt: skip
    home.run()
    reasons = " ".join(home.report.overrides_not_applied)
    for part in (
        "line 2: one of its records is not in these files",
        "line 3: one of its records names several people; say which, with @buyer, @receiver",
        "line 4: both sides are one record", "line 5: it says no known decision",
        "line 6: no record carries this value", "line 7: one of its records",
    ):  # fmt: skip
        assert part in reasons
    assert home.table("override").filter(status="not_applied").height == 6
    assert "13900000009" not in reasons


def test_a_file_of_overrides_that_is_no_table_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "overrides.csv"
    path.write_text("a;b\n", "utf-8")
    with pytest.raises(DefinitionError, match=r"has no column decision\. Its first line is decision,a,b,who,when,note"):
        read_overrides(path)
    path.write_bytes("decision,a,b\nsame,张,李\n".encode("gb18030"))
    with pytest.raises(DefinitionError, match="Save it as CSV in UTF-8"):
        read_overrides(path)
