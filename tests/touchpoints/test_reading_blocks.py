"""A file read block by block is the file read at once, wherever the blocks end."""

import pytest
import touchpoints_files as files
from hypothesis import given, settings
from hypothesis import strategies as st
from touchpoints_files import Ingested, put

from touchpoints.contract import Contract
from touchpoints.contracts import SOURCES, load_contract
from touchpoints.readers import delimited
from touchpoints.readers.blocks import line_blocks

TMALL_ITEM = load_contract(SOURCES / "tmall_item.yml")
HEADER = ",".join(files.TMALL_ITEM)
CELL = st.sampled_from(
    [
        "1",
        "热水器",
        '"a,b"',
        '"两\n行"',
        '"一""引号"',
        '="35153131473293579"',
        "𠮷",
        '"',
        "",
        " x ",
        '"cut',
        "合计",
        "\t7\t",
    ]
)
ROW = st.lists(CELL, min_size=len(files.TMALL_ITEM) - 1, max_size=len(files.TMALL_ITEM) + 1).map(",".join)


def blocks_of(data: bytes, size: int):
    return lambda: iter([data[i : i + size] for i in range(0, len(data), size)])


def told(parts):
    """The rows and the rejects of all batches that count."""
    kept = []
    for cells in parts:
        kept = [*kept, cells] if cells is not None else []
    rows = [row for cells in kept for row in cells.frame.iter_rows()]
    return rows, sorted(row for cells in kept for row in cells.rejects.iter_rows()), kept[-1].encoding


@given(
    st.lists(ROW, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.integers(min_value=1, max_value=400),
)
@settings(max_examples=60, deadline=None)
def test_blocks_of_any_size_give_the_same_rows(rows, end, encoding, size):
    data = end.join([HEADER, *rows, ""]).encode(encoding)
    (table,) = delimited.recognise(data, True, [TMALL_ITEM])
    assert table.batches is not None
    size = max(size, len(HEADER.encode(encoding)) + 8)  # a header lies within the first block
    assert told(table.batches(blocks_of(data, size))) == told(table.batches(blocks_of(data, len(data))))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_sign_and_a_line_end_may_lie_on_two_sides_of_a_blocks_end(size):
    text = "甲,𠮷\r\n乙,丙\r\n"
    found = line_blocks(blocks_of(text.encode("gb18030"), size)(), "gb18030", "strict", ",")
    assert [line for lines, _ in found for line in lines] == ["甲,𠮷", "乙,丙"]


def test_a_file_that_turns_out_to_be_in_another_encoding_is_read_again_from_its_beginning(tmp_path):
    told = {
        "signature": ["no", "title"],
        "columns": {"no": {"from": "no", "kind": "id", "required": True}, "title": {"from": "title"}},
        "natural_key": {"parts": ["no"]},
        "formats": ["csv"],
    }
    told |= {"name": "own", "title": "own", "source": "own", "record_type": "order", "version": 1}
    contract = Contract.model_validate(told | {"grade": "A", "evidence": "a test"})
    rows = "".join(f"{number},Tap\n" for number in range(40_000))  # the first look sees ASCII alone
    put(tmp_path / "landing", "own/s/items.csv", f"no,title\n{rows}99999,热水器\n".encode("gb18030"))
    done = Ingested(tmp_path / "landing", contracts=[contract])
    assert done.table("source_file")["encoding"].to_list() == ["gb18030"]
    assert done.report.rows_accepted == 40_001
    assert done.table("record")["raw"].str.contains("热水器").sum() == 1


def test_a_trailer_goes_on_in_the_next_block():
    contract = load_contract(SOURCES / "wechatpay_bill.yml")
    data = files.wechatpay(files.payment_row("1"), files.payment_row("2"))
    (table,) = delimited.recognise(data, True, [contract])
    assert table.batches is not None
    first_block = data.index("总交易单数".encode()) + 60
    parts = table.batches(lambda: iter([data[:first_block], data[first_block:]]))
    assert sum(cells.rows_read for cells in parts if cells) == 2


def test_long_ids_keep_their_digits_in_blocks(tmp_path):
    numbers = [str(5_113_837_045_333_000_000 + 7 * n) for n in range(500)]
    data = files.tmall(*(files.tmall_row(number) for number in numbers))
    put(tmp_path / "landing", "tmall/s/ExportOrderList202601030900.csv", data)
    assert set(Ingested(tmp_path / "landing").table("orders")["order_no"]) == set(numbers)
