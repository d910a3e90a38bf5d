"""Events of anonymous devices in core.events: they are whose the device was, and nobody's else."""

from dbt_world import World, at, rows

from dbt_like_sql.project import load_project


def test_an_event_that_only_a_device_tells_of_is_its_owners(tmp_path):
    world = World()
    world.person("P1")
    for event_id, role in (("known", "contact"), ("stitched", "contact"), ("nobody", "contact")):
        world.add(
            "touchpoints", "event", event_id=event_id, record_id=f"r-{event_id}", type="visit", at=at("2026-01-01"),
            actor_role=role,
        )  # fmt: skip
    world.record("r-known", "web", "activity", "2026-01-01", contact="P1")
    world.add("identity", "event_owner", event_id="stitched", one_id="P1", basis="before_first_login")
    runner = world.build(load_project(), tmp_path, "events")
    found = rows(runner, "select event_id, one_id, device_basis from core.events order by event_id")
    assert found == [("known", "P1", None), ("nobody", None, None), ("stitched", "P1", "before_first_login")]
