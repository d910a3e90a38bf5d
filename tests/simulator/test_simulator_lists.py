import hashlib
import shutil
from datetime import date

import polars as pl
import pytest

from common.errors import UsageError
from simulator.world import ORIGINAL, WRITERS, simulate
from touchpoints.ingest import ingest

AS_OF = date(2026, 11, 21)


@pytest.fixture(scope="module")
def tables(simulated, tmp_path_factory):
    """The brand's lists as touchpoints reads them, by name."""
    folder = tmp_path_factory.mktemp("lists")
    chosen = folder / "landing"
    for name in ("reference", "partner", "ad_spend", "store_traffic", "pos", "wecom"):
        shutil.copytree(simulated.landing / name, chosen / name)
    shutil.copy(simulated.landing / "accounts.yml", chosen)
    ingest(chosen, lake=folder / "lake", out=folder / "out", key=b"k")
    return {path.stem: pl.read_parquet(path) for path in (folder / "out").glob("*.parquet")}


def codes(frame, column):
    found = set(frame[column].drop_nulls())
    assert found
    return found


def test_every_ticket_is_of_a_listed_store_and_rung_up_by_listed_staff(tables):
    assert codes(tables["orders"], "store_id") <= codes(tables["store"], "name")
    assert codes(tables["orders"], "guide_id") <= codes(tables["staff"], "staff_code")


def test_every_guide_who_added_a_contact_is_listed_staff(tables):
    added = tables["event"].filter(pl.col("type") == "add_friend")
    assert codes(added, "staff_code") <= codes(tables["staff"], "wecom_userid")


def test_every_article_of_a_ticket_is_listed_at_its_price(tables):
    lines = tables["order_lines"].filter(pl.col("qty") > 0)
    listed = tables["product"].select(sku="product_code", list_price="list_price")
    joined = lines.join(listed, on="sku", how="left")
    assert joined["list_price"].null_count() == 0
    assert (joined["unit_price"] == joined["list_price"]).all()


def test_leaders_lead_to_the_director_in_three_steps_at_most(tables):
    leader = dict(tables["staff"].select("staff_code", "leader_code").iter_rows())
    for code in leader:
        steps = 0
        while leader[code] is not None:
            code, steps = leader[code], steps + 1
        assert code == "E0001" and steps <= 3


def test_partners_have_up_to_three_levels_and_franchised_stores_their_dealers(tables):
    partner = tables["partner"]
    parent = dict(partner.select("partner_code", "parent_code").iter_rows())
    depth = {code: 1 + (parent[code] is not None) + (parent.get(parent[code] or "") is not None) for code in parent}
    assert set(depth.values()) == {1, 2, 3}
    run_by = tables["store"].filter(pl.col("kind") == "加盟")["partner_code"]
    dealers = partner.filter(pl.col("kind") == "经销商")["partner_code"]
    assert len(run_by) and run_by.is_in(dealers.to_list()).all()


def test_targets_of_channels_make_the_brands_and_reach_beyond_the_as_of_day(tables):
    target = tables["sales_target"]
    assert target["period_start_date"].max() == date(2027, 1, 1)
    by_level = target.group_by("period_start_date", "level").agg(pl.col("target_amount").sum())
    wide = by_level.pivot(on="level", index="period_start_date", values="target_amount")
    assert ((wide["channel"] - wide["brand"]).abs() <= 500).all()


def test_rules_of_commission_name_three_payees_on_three_levels(tables):
    rules = tables["commission_rule"]
    assert rules.select("payee", "level").unique().height == 9
    assert rules["rate"].is_not_null().any() and rules["fixed_amount"].is_not_null().any()


def test_more_people_enter_a_store_than_buy_in_it(tables):
    entered = tables["store_traffic"].group_by(pl.col("traffic_date")).agg(pl.col("n_entered").sum())
    assert (tables["store_traffic"]["n_passed"] >= tables["store_traffic"]["n_entered"]).all()
    sold = (
        tables["orders"]
        .filter(~pl.col("is_return").fill_null(False))
        .group_by(traffic_date=pl.col("created_at").dt.offset_by("8h").dt.date())
        .len()
    )
    both = entered.join(sold, on="traffic_date")
    assert len(both) > 100 and (both["n_entered"] >= both["len"]).all()


def files(folder):
    return {path.relative_to(folder).as_posix() for path in (folder / "landing").rglob("*") if path.is_file()}


def test_chosen_sources_alone_are_written_and_have_the_same_bytes_without_campaigns(tmp_path):
    few, many = tmp_path / "few", tmp_path / "many"
    simulate(400, 5, few, as_of=AS_OF, sources=ORIGINAL)
    simulate(400, 5, many, as_of=AS_OF, sources=set(WRITERS) - {"campaigns"})
    assert {path.split("/")[1] for path in files(few)} == {*ORIGINAL, "accounts.yml", "misc"}
    assert files(few) < files(many)
    for path in files(few):
        both = (hashlib.sha256((root / path).read_bytes()).digest() for root in (few, many))
        assert len(set(both)) == 1, path


def test_campaigns_leave_what_they_do_not_touch_as_it_is(tmp_path):
    without, within = tmp_path / "without", tmp_path / "within"
    simulate(400, 5, without, as_of=AS_OF, sources=ORIGINAL)
    simulate(400, 5, within, as_of=AS_OF, sources=[*ORIGINAL, "campaigns"])
    for source in ("wechat_oa", "wecom", "shopify"):
        for path in (p for p in files(without) if p.startswith(f"landing/{source}/")):
            assert (without / path).read_bytes() == (within / path).read_bytes()


def test_a_source_that_nobody_simulates_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"myspace.*tmall"):
        simulate(300, 1, tmp_path, as_of=AS_OF, sources=["myspace"])
    assert len(WRITERS) > len(ORIGINAL)
