"""Files that no source would want to send: repeats, an unknown one, an empty, a truncated and a mis-encoded one."""

import os
from pathlib import Path

from simulator.people import DAY
from simulator.writers.exports import Exports


def write_oddities(out: Exports) -> list[str]:
    """Add the odd files to a filled landing folder, as far as it has what they copy; gives back their paths."""
    before = set(out.files)
    filled = {path.split("/")[0] for path in before}
    at = out.span.end - 3 * DAY
    if "tmall" in filled:
        _repeat(out, "tmall", "ExportOrderList", "副本_")
    if "pos" in filled:
        _repeat(out, "pos", "members", "copy_of_")
    if "jd" in filled:
        _truncate(out, at)
    if "youzan" in filled:
        _misencode(out, at)
    out.write("misc/upload/供应商对账单_2026.csv", _UNKNOWN.encode("gb18030"), at, 2)
    out.write("youzan/empty/客户导出_空.csv", b"", at, 0)
    return sorted(set(out.files) - before)


_UNKNOWN = "供应商,对账月份,应付金额,备注\r\n华东五金,2026-09,12800.00,\r\n顺联物流,2026-09,5320.50,已开票\r\n"


def _first(out: Exports, source: str, contains: str) -> str:
    return min(path for path in out.files if path.startswith(f"{source}/") and contains in path)


def _repeat(out: Exports, source: str, contains: str, prefix: str) -> None:
    """The same bytes again under another name."""
    path = _first(out, source, contains)
    folder, name = path.rsplit("/", 1)
    target = out.root / path
    stamp = int(target.stat().st_mtime)
    copy = out.write(f"{folder}/{prefix}{name}", target.read_bytes(), 0, 0)
    _same_time(copy, stamp)


def _same_time(target: Path, stamp: int) -> None:
    os.utime(target, (stamp, stamp))


def _truncate(out: Exports, at: int) -> None:
    """A download that broke off in the middle of a row."""
    path = _first(out, "jd", "order_")
    data = (out.root / path).read_bytes()
    text = data.decode("gb18030")
    cut = text.index(",", int(len(text) * 0.6)) + 40
    folder, name = path.rsplit("/", 1)
    part = text[:cut]
    copy = out.write(f"{folder}/未完成_{name}", part.encode("gb18030"), at, part.count("\r\n"))
    _same_time(copy, int((out.root / path).stat().st_mtime))


def _misencode(out: Exports, at: int) -> None:
    """A file that somebody glued together from two encodings."""
    path = _first(out, "youzan", "订单导出")
    text = (out.root / path).read_bytes().decode("utf-8-sig")
    half = text.index("\n", len(text) // 2) + 1
    folder, name = path.rsplit("/", 1)
    data = text[:half].encode() + text[half:].encode("gb18030") + b"\xff\xff"
    copy = out.write(f"{folder}/合并_{name}", data, at, text.count("\n"))
    _same_time(copy, int((out.root / path).stat().st_mtime))
