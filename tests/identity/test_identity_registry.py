"""The identifier registry: entries are data, mistakes are told with their line and remedy."""

import polars as pl
import pytest
import yaml

from common.errors import DefinitionError
from identity.keeping.keeping import Keeping
from identity.parties import read_parties
from identity.pipeline import resolve
from identity.registry import DEFAULT_REGISTRY, device_types, load_registry
from identity.rules.judge import judge
from touchpoints.contracts import load_contracts

REGISTRY = load_registry()
# Types that the normalisers tell by themselves, whatever the contract calls them.
READ_BY_NORMALISERS = {
    "phone": {"phone", "phone_masked", "phone_virtual", "landline"},
    "phone_or_email": {"phone", "phone_masked", "phone_virtual", "landline", "email", "email_masked"},
    "email": {"email", "email_masked"},
}


def registry_with(folder, **entries):
    content = yaml.safe_load(DEFAULT_REGISTRY.read_text("utf-8"))
    content["types"] |= entries
    path = folder / "identifiers.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def test_a_new_type_of_identifier_is_one_entry(world, tmp_path):
    world.say(1, [("gym_card", "G1"), ("phone", "13900000001")], name="王小伟", surname="王")
    world.say(2, [("gym_card", "G1")])
    entry = {"links": "always", "strength": "scoped", "scope": ["gym"], "priority": 3}
    path = registry_with(tmp_path, gym_card=entry)
    parties = read_parties(world.write())
    known, unknown = (judge(parties, registry).holding for registry in (load_registry(path), REGISTRY))
    assert known.filter(known["id_type"] == "gym_card")["holder"].to_list() == [0, 0]
    assert "gym_card" not in unknown["id_type"].to_list()


def test_every_identifier_of_a_contract_is_in_the_registry_and_has_its_scope():
    for contract in load_contracts():
        links = [(link.from_id, link.to) for link in contract.links]
        named = [i for party in contract.parties.values() for i in party.identifiers] + [
            i for two in links for i in two
        ]
        for identifier in named:
            for name in READ_BY_NORMALISERS.get(identifier.type, {identifier.type}):
                assert name in REGISTRY, f"{contract.name}: {name} is not in identity/identifiers.yml"
            if identifier.type not in {*READ_BY_NORMALISERS, "national_id"}:
                given = bool(identifier.scope)
                assert given == REGISTRY[identifier.type].has_scope, f"{contract.name}: scope of {identifier.type}"


def test_spans_of_time_are_scopes_that_no_file_tells():
    oaid = REGISTRY["taobao_oaid"]
    assert (oaid.window, oaid.has_scope) == ("week", True)
    assert (REGISTRY["wechat_openid"].window, REGISTRY["email"].has_scope) == (None, False)


def test_a_card_scheme_may_be_one_of_one_card_a_person(tmp_path):
    entry = {"links": "always", "strength": "scoped", "single_per_scope": ["south"]}
    card = load_registry(registry_with(tmp_path, pos_card=entry))["pos_card"]
    assert card.is_single_in("south") and not card.is_single_in("north")


def test_devices_never_link_by_themselves():
    assert {"distinct_id", "ga_user_pseudo_id", "android_oaid", "idfa", "imei", "mac"} <= device_types(REGISTRY)
    assert "taobao_oaid" not in device_types(REGISTRY)
    assert {REGISTRY[name].links for name in device_types(REGISTRY)} == {"never"}


def test_a_brands_own_entries_come_to_the_others_or_replace_them(tmp_path):
    own = tmp_path / "identifiers.yml"
    own.write_text(
        "types:\n  gym_card: {links: always, strength: scoped, scope: [gym]}\n"
        "  phone: {links: never, strength: household, personal: true}\n"
        "placeholders:\n  phone: ['13911112222']\n  pos_card: ['0+']\n",
        encoding="utf-8",
    )
    registry = load_registry(own=own)
    assert set(registry) == {*REGISTRY, "gym_card"}
    assert registry["phone"].links == "never"
    assert registry["phone"].placeholders == (*REGISTRY["phone"].placeholders, "13911112222")
    assert registry["pos_card"] == REGISTRY["pos_card"].model_copy(update={"placeholders": ("0+",)})
    assert registry["email"] == REGISTRY["email"]


def test_a_run_reads_the_types_of_its_home_and_says_that_the_rules_are_others(world, tmp_path):
    record = world.say(1, [("gym_card", "G1")])
    again = world.say(2, [("gym_card", "G1")])

    def run(folder):
        out = tmp_path / folder.name
        resolve(
            world.write(), public=out / "public", private=out / "private", previous=None, models=tmp_path / "models",
            key=b"k", run_id="r1", keeping=Keeping(folder=folder),
        )  # fmt: skip
        ids = pl.read_parquet(out / "public" / "record_map.parquet").select("record_id", "one_id")
        return dict(ids.iter_rows()), pl.read_parquet(out / "public" / "decided_by.parquet")["rules"][0]

    plain, own = tmp_path / "plain", tmp_path / "own"
    own.mkdir()
    (own / "identifiers.yml").write_text("types:\n  gym_card: {links: always, strength: scoped}\n", encoding="utf-8")
    (without, rules), (with_own, own_rules) = run(plain), run(own)
    assert without[record] != without[again]
    assert with_own[record] == with_own[again]
    assert rules != own_rules


def test_a_brand_without_entries_of_its_own_has_the_others(tmp_path):
    assert load_registry(own=tmp_path / "identifiers.yml") == REGISTRY
    (tmp_path / "identifiers.yml").write_text("# nothing yet\n", encoding="utf-8")
    assert load_registry(own=tmp_path / "identifiers.yml") == REGISTRY


def test_a_mistake_in_a_brands_own_entries_names_its_file(tmp_path):
    own = tmp_path / "identifiers.yml"
    own.write_text("types:\n  gym_card: {links: always}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=f"{own}:2: type gym_card does not say its strength"):
        load_registry(own=own)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("types:\n  phone: {links: with_name, strength: exact}\n  fax:\n    links: always\n    strenght: exact\n",
         r":5: type fax has an unknown field 'strenght'. Use one of block_ids, "),
        ("types:\n  fax: {strength: exact}\n", r":2: type fax does not say its links. Set links: always, with_name"),
        ("types:\n  fax: {links: always}\n", r":2: type fax does not say its strength. Set strength: exact, scoped,"),
        ("types:\n  fax: {links: sometimes, strength: exact}\n", r":2: type fax, links: .*'always', 'with_name' or"),
        ("types:\n  fax: {links: always, strength: masked}\n", r":2: type fax links always, but .* Set links: never"),
        ("types:\n  fax: {links: never, strength: masked, limit: 3}\n", r"never links. Take the limit out or set"),
        ("types:\n  fax: {links: always, strength: exact, max_names: 9, block_names: 3}\n", r"Make block_names and"),
        ("types:\n  fax: {links: always, strength: exact, past_limit: cut}\n", r"does not name. Add limit"),
        ("types:\n  fax: {links: always, strength: exact, lookback_days: 3}\n", r"is no device. Take lookback_days"),
        ("types:\n  fax: {links: always, strength: exact, limit: many}\n", r":2: type fax, limit: .*valid integer"),
        ("types:\n  fax: always\n", r"has no `types:` with one entry a type"),
        ("types: [\n", r"is no YAML: .*line 2"),
        ("types:\n  fax: {links: never, strength: masked}\nplaceholders:\n  fix: [x]\n", r":4: .*fix, which is no"),
        ("types:\n  fax: {links: never, strength: masked}\nplaceholders:\n  fax: ['(']\n", r":4: .*no regular expr"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_registry_is_told_with_its_line_and_remedy(tmp_path, text, says):
    path = tmp_path / "identifiers.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=f"(?s){says}"):
        load_registry(path)
