"""The retail scheme: how the parties of the touchpoints are compared, with Chinese names, masked phones and doors.

Belongs here: its comparisons, blocking rules and expectations. The rows are made by `candidates`.
"""

from pathlib import Path

from identity.names import agreement_sql
from identity.scoring.candidates import CANDIDATE_COLUMNS
from identity.scoring.scheme import BlockingRule, Comparison, Scheme, comparison, level

_BLOCKING = (
    BlockingRule("name and city", "name || '|' || item", "cities", 80),
    BlockingRule("name and birth date", "name || '|' || birth_date"),
    BlockingRule("pinyin and district", "name_pinyin || '|' || item", "districts"),
    BlockingRule("surname and masked phone", "coalesce(surname, substr(name, 1, 1)) || '|' || item", "phone_forms"),
    BlockingRule("surname and door", "coalesce(surname, substr(name, 1, 1)) || '|' || item", "doors"),
    BlockingRule("surname and address", "coalesce(surname, substr(name, 1, 1)) || '|' || item", "addresses"),
    BlockingRule("e-mail name", "item", "email_names", 20),
    BlockingRule("birth date, surname and city", "birth_date || '|' || surname || '|' || item", "cities"),
)

_TRAINING_RULES = (
    "l.name = r.name and l.city_code = r.city_code",
    "l.birth_date = r.birth_date and l.surname = r.surname",
    "l.doors[1] = r.doors[1] and l.surname = r.surname",
    "l.phones[1] = r.phones[1]",
)

# What is expected of each level before any data: m and u probabilities, in the order of the comparison's levels.
# EM on one brand's files never meets some levels (an abroad-only e-mail, a rare slip) and drives others to nought.
_EXPECTED = {
    "name": [(0.80, 3e-4), (0.03, 1e-4), (0.06, 1e-3), (0.06, 2e-2), (0.05, 0.98)],
    "phone": [(0.50, 5e-6), (0.30, 1.2e-4), (0.005, 1e-6), (0.195, 0.9998)],
    "address": [(0.45, 1e-5), (0.15, 5e-5), (0.05, 8e-4), (0.10, 0.01), (0.15, 0.05), (0.10, 0.94)],
    "birth_date": [(0.94, 5e-5), (0.03, 3e-3), (0.03, 0.997)],
    "gender": [(0.97, 0.5), (0.03, 0.5)],
    "nickname": [(0.70, 5e-3), (0.30, 0.995)],
    "email": [(0.75, 5e-6), (0.10, 1e-4), (0.15, 0.9999)],
}


def _name_comparison() -> Comparison:
    agreement = agreement_sql("{}_l", "{}_r")
    return comparison(
        "name",
        "name_l is null or name_r is null",
        level(
            "full_name_l = full_name_r",
            "same name",
            tf_adjustment_column="full_name",
            tf_adjustment_weight=1.0,
        ),
        level(f"({agreement}) = 'homophone'", "same sound"),
        level(f"({agreement}) in ('one_character', 'swapped', 'typo')", "one character or the order differs"),
        level(f"({agreement}) in ('masked', 'surname')", "what the mask or title shows agrees"),
        level("ELSE", "names differ"),
    )


def _phone_comparison() -> Comparison:
    return comparison(
        "phone",
        "phone_forms_l is null or phone_forms_r is null",
        level("list_has_any(phones_l, phones_r)", "same phone"),
        level(
            "list_has_any(phone_masks_l, phone_forms_r) or list_has_any(phone_forms_l, phone_masks_r)",
            "the masked phone agrees",
        ),
        level("list_has_any(phone_slips_l, phone_slips_r)", "one digit of the phone differs"),
        level("ELSE", "phones differ"),
    )


def _address_comparison() -> Comparison:
    return comparison(
        "address",
        "cities_l is null or cities_r is null",
        level("list_has_any(addresses_l, addresses_r)", "same address"),
        level("list_has_any(doors_l, doors_r)", "same estate, building, unit and room"),
        level("list_has_any(estates_l, estates_r)", "same estate"),
        level("list_has_any(districts_l, districts_r)", "same district"),
        level("list_has_any(cities_l, cities_r)", "same city"),
        level("ELSE", "other city"),
    )


def _birth_comparison() -> Comparison:
    same_parts = " or ".join(
        f"(year(birth_date_l) {y} year(birth_date_r) and month(birth_date_l) {m} month(birth_date_r) "
        f"and day(birth_date_l) {d} day(birth_date_r))"
        for y, m, d in (("<>", "=", "="), ("=", "<>", "="), ("=", "=", "<>"))
    )
    return comparison(
        "birth_date",
        "birth_date_l is null or birth_date_r is null",
        level("birth_date_l = birth_date_r", "same birth date"),
        level(same_parts, "two parts of the birth date agree"),
        level("ELSE", "birth dates differ"),
    )


def _gender_comparison() -> Comparison:
    return comparison(
        "gender",
        "gender_l is null or gender_r is null",
        level("gender_l = gender_r", "same gender"),
        level("ELSE", "genders differ"),
    )


def _nickname_comparison() -> Comparison:
    return comparison(
        "nickname",
        "nicknames_l is null or nicknames_r is null",
        level("list_has_any(nicknames_l, nicknames_r)", "same nickname"),
        level("ELSE", "nicknames differ"),
    )


def _email_comparison() -> Comparison:
    return comparison(
        "email",
        "emails_l is null or emails_r is null",
        level("list_has_any(emails_l, emails_r)", "same e-mail"),
        level("list_has_any(email_names_l, email_names_r)", "same e-mail name at another provider"),
        level("ELSE", "e-mails differ"),
    )


RETAIL = Scheme(
    name="retail_zh",
    columns=CANDIDATE_COLUMNS,
    comparisons=(
        _name_comparison(),
        _phone_comparison(),
        _address_comparison(),
        _birth_comparison(),
        _gender_comparison(),
        _nickname_comparison(),
        _email_comparison(),
    ),
    blocking=_BLOCKING,
    training_rules=_TRAINING_RULES,
    expected=_EXPECTED,
    # A family has one phone and one door between them: where two full names differ, those prove nothing.
    vetoes=("name",),
    # The surest pairs first (p = 0.996), then the ordinary threshold.
    round_weights=(8.0, 4.25),
    shipped_model=Path(__file__).parent / "models" / "retail_zh.json",
)
