"""What weights depend on beside m and u stays as it was when the model was new."""

import json

import polars as pl
import pytest

from identity.scoring.frozen import FREQUENCY, freeze, keep_companions, take

NAMES = [("王伟", "王"), ("王伟", "王"), ("王芳", "王"), ("李明娜", "李"), ("欧阳小伟", "欧阳"), (None, None)]


def rows(names):
    full, surname = zip(*names, strict=True)
    return pl.DataFrame(
        {"unique_id": range(len(names)), "full_name": full, "surname": surname},
        schema={"unique_id": pl.Int64, "full_name": pl.String, "surname": pl.String},
    )


def frequency(frozen, name, surname):
    return frozen.weighed(rows([(name, surname)]))[FREQUENCY].item()


def test_a_frequent_surname_with_a_frequent_character_is_a_frequent_name():
    frozen = take(rows(NAMES * 200))
    assert frequency(frozen, "王伟", "王") > frequency(frozen, "王芳", "王") > frequency(frozen, "欧阳芳", "欧阳")
    assert frequency(frozen, "王伟", "王") == pytest.approx(3 / 5 * 3 / 5 * 3 / 7)


def test_a_name_that_nobody_bore_is_as_rare_as_one_of_all():
    frozen = take(rows(NAMES * 200))
    assert frequency(frozen, "尉迟寒", "尉迟") == 1 / 1200
    assert frequency(frozen, None, None) is None


def test_a_western_name_is_its_words():
    frozen = take(rows([("Anna Smith", "Smith"), ("Ben Smith", "Smith"), ("Anna Jones", "Jones")] * 50))
    assert frequency(frozen, "Anna Smith", "Smith") == frequency(frozen, "anna smith", "Smith")
    assert frequency(frozen, "Anna Smith", "Smith") > frequency(frozen, "Ben Jones", "Jones")


def test_the_figures_of_the_first_run_hold_for_later_ones(tmp_path):
    first = freeze(tmp_path, "splink-0001", rows(NAMES))
    keep_companions(tmp_path, "splink-0001", first, (0.97, 44), {"jd buyer": 0.96})
    keep_companions(tmp_path, "splink-0001", freeze(tmp_path, "splink-0001", rows(NAMES)), (0.5, 9), {"jd buyer": 0.5})
    later = freeze(tmp_path, "splink-0001", rows(NAMES * 50))
    assert (later.prior, later.surname) == (first.prior, first.surname)
    assert (later.steady_probability, later.n_steady) == (0.97, 44)
    assert later.first_companion == {"jd buyer": 0.96}
    assert freeze(tmp_path, "splink-0002", rows(NAMES * 50)).prior == 1 / 300


def test_what_too_few_accounts_tell_is_not_kept(tmp_path):
    first = freeze(tmp_path, "splink-0001", rows(NAMES))
    keep_companions(tmp_path, "splink-0001", first, None, {})
    later = freeze(tmp_path, "splink-0001", rows(NAMES))
    assert later.steady_probability is None and later.first_companion is None


def test_no_whole_name_is_kept(tmp_path):
    freeze(tmp_path, "splink-0001", rows(NAMES))
    text = (tmp_path / "frozen-splink-0001.json").read_text("utf-8")
    assert not [name for name, _ in NAMES if name and name in text]
    assert json.loads(text)["n_people"] == 6
