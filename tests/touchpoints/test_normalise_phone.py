import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import phone

few = settings(deadline=None, max_examples=40)

MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


def parsed(value, region="CN"):
    return phone.parse_phones(pl.Series([value], dtype=pl.String), region).row(0)


@pytest.mark.parametrize(
    "written",
    [
        "13912345678",
        "+86 139-1234-5678",
        "+8613912345678",
        "008613912345678",
        "086-13912345678",
        "86-13912345678",
        "013912345678",
        "'13912345678",
        "\t139 1234 5678",
        "１３９１２３４５６７８",
        "13912345678(张三)",
        "电话：13912345678",
        "13912345678/13812345678",
        "13912345678，13812345678",
        "p:+8613912345678",
    ],
)
def test_a_chinese_mobile_has_one_form_however_it_is_written(written):
    assert parsed(written) == ("phone", "13912345678", "CN", "ok")


@pytest.mark.parametrize(
    "written",
    ["17160095983-1234", "17160095983转1234", "17160095983,1234", "17160095983[1234]", "17160095983 ext. 1234"],
)
def test_a_number_with_an_extension_is_virtual_and_keeps_it(written):
    assert parsed(written) == ("phone_virtual", "17160095983-1234", "CN", "virtual")


@pytest.mark.parametrize("pattern", ["138****8000", "1******6198", "186******05", "1**********"])
def test_a_masked_number_is_never_taken_for_a_number(pattern):
    id_type, value, _, status = parsed(pattern)
    assert (id_type, value) in [("phone_masked", pattern), (None, None)]
    assert status in ("masked", "placeholder")


def test_masks_keep_their_pattern_and_use_one_sign():
    assert parsed("138xxxx8000") == parsed("138＊＊＊＊8000") == ("phone_masked", "138****8000", "CN", "masked")


@pytest.mark.parametrize("value", ["13800138000", "12345678901", "13000000000", "11111111111", "0", "00000000000"])
def test_made_up_numbers_are_placeholders(value):
    assert parsed(value) == (None, None, None, "placeholder")


@pytest.mark.parametrize("cipher", ["$$Ab12Cd34$1$$", "##Ab12Cd34##"])
def test_ciphertext_is_no_number(cipher):
    assert parsed(cipher) == (None, None, None, "encrypted")


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("0514-87654321", "051487654321"),
        ("(0514)87654321", "051487654321"),
        ("010-87654321", "01087654321"),
        ("+86 10 8765 4321", "01087654321"),
        ("0514-87654321-801", "051487654321"),
        ("0514-8765-4321", "051487654321"),
        ("400-812-3123", "4008123123"),
        ("8008123123", "8008123123"),
    ],
)
def test_landlines_are_told_from_mobiles(written, digits):
    assert parsed(written) == ("landline", digits, "CN", "ok")


@pytest.mark.parametrize(
    ("written", "region", "value", "scope"),
    [
        ("+852 9123 4567", "CN", "85291234567", "HK"),
        ("852-91234567", "CN", "85291234567", "HK"),
        ("9123 4567", "HK", "85291234567", "HK"),
        ("+853 6612 3456", "CN", "85366123456", "MO"),
        ("0912345678", "TW", "886912345678", "TW"),
        ("+1 (415) 555-2671", "CN", "14155552671", "US"),
        ("(415) 555-2671", "US", "14155552671", "US"),
        ("0044 7400 123456", "CN", "447400123456", "GB"),
        ("+8613912345678", "US", "13912345678", "CN"),
    ],
)
def test_numbers_of_other_countries_are_e164_in_their_country(written, region, value, scope):
    assert parsed(written, region) == ("phone", value, scope, "ok")


def test_eleven_digits_that_begin_like_a_mobile_are_american_in_an_american_file():
    assert parsed("13105551234", "US")[2] != "CN"


def test_each_row_can_have_its_own_country():
    found = phone.parse_phones(pl.Series(["07400 123456", "13912345678"]), pl.Series(["GB", None]))
    assert found["scope"].to_list() == ["GB", "CN"]


@pytest.mark.parametrize("value", ["123", "abc", "87654321", "9.1E+10", "138001380001234"])
def test_what_is_no_number_is_invalid(value):
    assert parsed(value) == (None, None, None, "invalid")


def test_cells_without_anything_have_no_status():
    assert phone.parse_phones(pl.Series([None, "-", " "], dtype=pl.String)).null_count().row(0) == (3, 3, 3, 3)
    assert phone.parse_phones(pl.Series([], dtype=pl.String)).shape == (0, 4)


@few
@given(MOBILES)
def test_every_mobile_that_phonenumbers_knows_is_ok_or_a_placeholder(number):
    id_type, value, scope, status = parsed(number)
    if phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")):
        assert (status == "placeholder") or (id_type, value, scope) == ("phone", number, "CN")


@few
@given(MOBILES)
def test_a_normalised_number_stays_as_it_is(number):
    _, value, _, status = parsed(number)
    if status == "ok":
        assert parsed(value)[1] == value == parsed(f"+86 {value}")[1]


@few
@given(st.text(alphabet="0123456789*+-() 转/,", max_size=16))
def test_no_text_breaks_the_parser_and_values_have_a_type(text):
    id_type, value, scope, _ = parsed(text)
    assert (id_type is None) == (value is None) == (scope is None)


def test_a_cell_with_several_numbers_is_split_but_not_at_an_extension():
    cells = pl.Series(["13912345678/13812345678、0514-87654321", "13912345678,1234", "13912345678；138****8000", None])
    assert phone.split_phones(cells).to_list() == [
        ["13912345678", "13812345678", "0514-87654321"],
        ["13912345678,1234"],
        ["13912345678", "138****8000"],
        None,
    ]


def matches(masked, plain):
    return pl.select(phone.mask_matches(pl.lit(masked), pl.lit(plain))).item()


@few
@given(MOBILES, st.sets(st.integers(0, 10)))
def test_a_mask_matches_the_number_it_was_made_from(number, hidden):
    masked = "".join("*" if i in hidden else digit for i, digit in enumerate(number))
    assert matches(masked, number)


@pytest.mark.parametrize(
    ("masked", "fits"), [("138****8000", True), ("138****8001", False), ("138**8000", True), ("139**8000", False)]
)
def test_a_mask_matches_only_numbers_with_the_digits_it_shows(masked, fits):
    assert matches(masked, "13812348000") is fits


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("李女士13912345678买空调", "13912345678"),
        ("李女士 139 1234 5678", "13912345678"),
        ("电话+86-13912345678", "13912345678"),
        ("１３９１２３４５６７８", "13912345678"),
        ("订单139123456789012", None),
        ("9913912345678", None),
        ("没有电话", None),
        (None, None),
    ],
)
def test_a_phone_is_mined_from_a_remark_only_where_it_stands_alone(text, found):
    assert pl.select(phone.mine_phone(pl.lit(text, dtype=pl.String))).item() == found
