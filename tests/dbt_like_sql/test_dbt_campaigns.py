"""Campaigns in the models: who was put into which arm, what each arm did, and what everybody did afterwards."""

import pytest
from dbt_world import World, rows

from dbt_like_sql.project import load_project

PROJECT = load_project()


@pytest.fixture
def build(tmp_path):
    return lambda world, only=None, **variables: world.build(PROJECT, tmp_path, only, **variables)


def people(*one_ids: str) -> World:
    world = World()
    for one_id in one_ids:
        world.person(one_id)
    return world


# --- who was put into which arm


def arms(runner) -> list[tuple]:
    return rows(runner, "select one_id, arm, is_holdout, is_in_several_arms from core.campaign_member order by all")


def test_a_person_is_in_the_arm_that_the_list_says(build):
    world = people("P1", "P2")
    world.assigned("spring", "P1", "A", "2026-06-01", unit_cost_amount=0.3)
    world.assigned("spring", "P2", "holdout", "2026-06-01")
    runner = build(world, "campaign_member")
    assert arms(runner) == [("P1", "A", False, False), ("P2", "holdout", True, False)]
    assert rows(runner, "select unit_cost_cny from core.campaign_member where one_id = 'P1'") == [(0.3,)]


def test_a_oneid_that_the_list_names_leads_to_whom_it_was_merged_into(build):
    world = people("P1")
    world.add("identity", "one_id", one_id="P0", status="merged", merged_into="P1", n_records=0)
    world.assigned("spring", None, "A", "2026-06-01", told_one_id="P0")
    world.assigned("spring", None, "A", "2026-06-01", told_one_id="P9")  # nobody ever had it
    assert arms(build(world, "campaign_member")) == [("P1", "A", False, False)]


def test_a_oneid_counts_before_the_phone_beside_it(build):
    world = people("P1", "P2")
    world.assigned("spring", "P2", "A", "2026-06-01", told_one_id="P1")
    assert arms(build(world, "campaign_member")) == [("P1", "A", False, False)]


def test_a_person_listed_in_two_arms_is_told_as_such(build):
    world = people("P1")
    world.assigned("spring", "P1", "holdout", "2026-06-01")
    world.assigned("spring", "P1", "A", "2026-06-01")
    assert arms(build(world, "campaign_member")) == [("P1", "A", False, True)]


def test_an_assignment_after_the_as_of_day_is_not_yet_known(build):
    world = people("P1")
    world.assigned("spring", "P1", "A", "2026-07-02")
    assert arms(build(world, "campaign_member")) == []
