from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from touchpoints.normalise import national_id

few = settings(deadline=None, max_examples=40)

REGIONS = ["110105", "320102", "440524", "650102"]


def parsed(value):
    return national_id.parse_national_ids(pl.Series([value], dtype=pl.String)).row(0, named=True)


def made(region, birth, sequence):
    body = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return body + pl.select(national_id.check_character(pl.lit(int(body)))).item()


BODIES = st.builds(made, st.sampled_from(REGIONS), st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.integers(1, 999))


@few
@given(BODIES)
def test_numbers_made_after_the_standard_are_valid_and_say_birth_and_gender(number):
    found = parsed(number)
    assert ric.calc_check_digit(number) == number[-1]
    assert found["status"] == "ok"
    assert found["value"] == number
    assert found["birth_date"] == ric.get_birth_date(number)
    assert found["gender"] == ("male" if int(number[16]) % 2 else "female")
    assert found["region_code"] == number[:6]


@few
@given(st.from_regex(r"[1-6][0-9]{5}(19|20)[0-9]{9}[0-9X]", fullmatch=True) | BODIES)
def test_what_the_stdnum_library_takes_is_taken_here(number):
    try:
        is_taken = ric.is_valid(number)
    except KeyError:  # python-stdnum 2.2 stumbles over districts that it lists without their county
        is_taken = False
    if is_taken:
        assert parsed(number)["status"] == "ok"


@few
@given(BODIES, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_found(number, place, character):
    wrong = number[:place] + character + number[place + 1 :]
    if wrong != number:
        assert parsed(wrong)["status"] == "invalid"
        assert parsed(wrong)["value"] is None


@few
@given(BODIES.filter(lambda n: n[6:8] == "19"))
def test_fifteen_digits_become_the_eighteen_of_the_same_person(number):
    assert parsed(number[:6] + number[8:17])["value"] == number


@pytest.mark.parametrize(
    "written",
    ["11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "'11010519491231002X", "110105 19491231 002X"],
)
def test_a_number_has_one_form_however_it_is_written(written):
    assert parsed(written)["value"] == "11010519491231002X"


@pytest.mark.parametrize("region", ["810000", "820000", "830000"])
def test_residence_permits_count(region):
    assert parsed(made(region, date(1994, 8, 23), 2))["status"] == "ok"


def test_a_date_that_never_was_is_invalid():
    body = "11010519490230002"
    number = body + pl.select(national_id.check_character(pl.lit(int(body)))).item()
    assert parsed(number)["status"] == "invalid"


def test_a_masked_number_keeps_its_pattern_and_says_nothing_else():
    found = parsed("110105********002X")
    assert (found["value"], found["status"], found["birth_date"]) == ("110105********002X", "masked", None)


def test_cells_without_anything_have_no_status():
    assert parsed(None)["status"] is None
    assert parsed("无")["status"] is None
