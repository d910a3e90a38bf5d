"""What each contract makes of its fixture files: the canonical rows that stand beside them in expected.yml."""

import contract_fixtures as fixtures
import pytest
from contract_fixtures import BY_NAME, FIXTURES, IN_PART, same, the_world


@pytest.fixture(scope="module")
def world():
    return the_world()


def test_every_contract_has_a_fixture():
    shown = {contract for fixture in FIXTURES for contract in fixture.contracts.values()}
    assert sorted(set(BY_NAME) - shown) == []


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_every_file_of_a_fixture_is_read_by_the_contract_that_it_is_for(world, fixture):
    files = world.files(fixture)
    found = {row["path"].split("/")[-1]: row["contract"] for row in files.iter_rows(named=True) if row["contract"]}
    assert found == fixture.contracts
    assert set(files.filter(files["contract"].is_not_null())["status"]) == {"loaded"}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_a_fixture_comes_to_the_rows_that_are_written_beside_it(world, fixture):
    assert set(fixture.tables) <= set(world.names)
    for name in world.names:
        if name in IN_PART and name not in fixture.tables:
            continue
        rows = list(world.table(fixture, name).iter_rows(named=True))
        for said in fixture.tables.get(name, []):
            match = next((row for row in rows if all(same(cell, row[column]) for column, cell in said.items())), None)
            assert match is not None, f"{name}: no row is {said}; left are {_brief(rows, said)}"
            rows.remove(match)
        assert name in IN_PART or rows == [], f"{name}: also has {_brief(rows, {})}"


def _brief(rows, said):
    columns = list(said) or ["role", "id_type", "id_value", "type", "kind", "at", "amount", "order_key", "reason"]
    return [{column: fixtures.plain(row[column]) for column in columns if column in row} for row in rows][:12]
