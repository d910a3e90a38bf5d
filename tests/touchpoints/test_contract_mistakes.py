"""A mistake in a contract names the file, the line and the remedy; editors know the form by its JSON Schema."""

import json

import pytest

from common.errors import DefinitionError
from touchpoints.contracts import SOURCES, load_contract, load_contracts
from touchpoints.schema import PATH, schema_text

NAME = "pos_member"


def broken(tmp_path, old: str, new: str) -> tuple[str, int]:
    """What is said of a contract after a change, and the line of the change."""
    text = (SOURCES / f"{NAME}.yml").read_text(encoding="utf-8")
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    path = tmp_path / f"{NAME}.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        load_contract(path)
    return str(error.value).removeprefix(str(path)), line


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("natural_key: {parts", "natural_kye: {parts", "Did you mean `natural_key`?"),
        ("kind: money}", "kind: mony}", "'money'"),
        ("occurred_at: joined_at", "occurred_at: joined", "no column of the contract"),
        ("role: member", "role: buyer", "no party"),
        ("value: card, scope", "value: case when card, scope", "no SQL expression"),
        ("state: granted", "state: yes", "'granted' or 'revoked'"),
        ("name: pos_member", "name: pos", "Name it `pos_member` as its file."),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_remedy(tmp_path, old, new, said):
    told, line = broken(tmp_path, old, new)
    assert said in told
    assert told.startswith(f":{line}:")


def test_broken_yaml_is_told_with_its_line(tmp_path):
    told, line = broken(tmp_path, "columns:\n", "columns: [\n")
    assert int(told.split(":")[1]) >= line
    assert "is no YAML" in told


def test_a_missing_entry_is_told_by_name(tmp_path):
    told, _ = broken(tmp_path, "record_type: customer\n", "")
    assert "`record_type` is missing" in told


def test_several_mistakes_are_counted(tmp_path):
    told, _ = broken(tmp_path, "grade: C\nevidence:", "grade: Z\nevidnce:")
    assert "more after it" in told


def test_an_own_contract_takes_the_place_of_the_built_in_one_of_its_name(tmp_path):
    text = (SOURCES / f"{NAME}.yml").read_text(encoding="utf-8").replace("version: 1", "version: 77")
    (tmp_path / f"{NAME}.yml").write_text(text, encoding="utf-8")
    loaded = {contract.name: contract for contract in load_contracts(tmp_path, tmp_path / "not there")}
    assert loaded[NAME].version == 77
    assert len(loaded) == len(load_contracts())


def test_the_schema_for_editors_is_of_today():
    assert PATH.read_text(encoding="utf-8") == schema_text(), "run python -m touchpoints.schema"


def test_the_schema_knows_every_entry_of_the_contracts():
    known = set(json.loads(PATH.read_text(encoding="utf-8"))["properties"])
    assert {"name", "signature", "columns", "devices", "balances", "reject_limit"} <= known
