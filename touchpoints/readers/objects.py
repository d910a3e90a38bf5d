"""JSON: one object a line, an array, or a response with the records somewhere inside.

Objects stay text until the columns that the contract names are taken out; so numbers keep all their digits.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

import polars as pl

from touchpoints.contract import Contract
from touchpoints.database import database
from touchpoints.files import REPLACEMENT, head_texts, to_utf8
from touchpoints.matching import Match, best_match
from touchpoints.readers.tables import ROW, Cells, Table, gather_rejects, reject_rows

_SAMPLE: Final = 50  # objects whose keys are looked at
_NEXT_OBJECT: Final = re.compile(r"\}\s*,\s*(?=\{)")
_DECODER: Final = json.JSONDecoder()


def looks_like_json(head: bytes) -> bool:
    """Whether the first sign of the text opens an object or an array."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def has_an_object(head: bytes, complete: bool) -> bool:
    """Whether at least one whole object can be found at the beginning of the file."""
    for _, text in head_texts(head, complete=complete):
        try:
            _DECODER.raw_decode(text.lstrip("\ufeff \t\r\n"))
            return True
        except (ValueError, RecursionError):
            if sample_objects(text, None):
                return True
    return False


def recognise(head: bytes, complete: bool, contracts: Sequence[Contract]) -> list[Table]:
    """The records of a JSON file, when a contract fits their keys."""
    fitting = [contract for contract in contracts if contract.is_json]
    for encoding, text in head_texts(head, complete=complete):
        found = _find_contract(text, fitting)
        if found is not None:
            match, place = found
            read = partial(_read, encoding, match.contract, place, _is_lines(text))
            names = {path: None for record in sample_objects(text, place) for path in key_paths(record)}
            return [Table("", match, encoding, None, "", read, names=tuple(names))]
    return []


def _find_contract(text: str, contracts: Sequence[Contract]) -> tuple[Match, str | None] | None:
    """The contract that fits, and where the records lie: contracts that name a place are tried there first.

    All are tried at the top: what an interface answers as one document is often kept as a record a line.
    """
    places = sorted({contract.records_at for contract in contracts if contract.records_at is not None})
    for place in (*places, None):
        paths = {path for record in sample_objects(text, place) for path in key_paths(record)}
        match = best_match([c for c in contracts if place is None or c.records_at == place], paths)
        if match is not None:
            return match, place
    return None


def sample_objects(text: str, place: str | None) -> list[dict[str, Any]]:
    """The first objects of a text: at a dotted path inside the document, else at its top."""
    if _is_lines(text) and place is None:
        texts: Iterator[str] = (line for line in text.splitlines() if line.strip())
    else:
        texts = _salvage(text, place)
    objects = []
    for found in islice(texts, _SAMPLE):
        try:
            objects.append(json.loads(found))
        except ValueError:
            continue
    return [found for found in objects if isinstance(found, dict)]


def place_of_records(text: str) -> str | None:
    """The dotted path of the first list of objects inside a document; None where objects stand at its top."""
    if (_is_lines(text) and text.count("\n{")) or text.lstrip("\ufeff \t\r\n").startswith("["):
        return None
    try:
        document, _ = _DECODER.raw_decode(text.lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None
    return next((path for path in key_paths(document) if _is_list_of_objects(value_at(document, path))), None)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def value_at(record: Any, path: str) -> Any:
    """What lies at a dotted path; None where nothing does."""
    for step in path.split("."):
        record = record.get(step) if isinstance(record, dict) else None
    return record


def key_paths(record: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of an object's keys, those of objects inside it too."""
    for key, value in record.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from key_paths(value, f"{prefix}{key}.")


def _is_lines(text: str) -> bool:
    """Whether the file has an object a line: one of the first lines is whole, and no array is opened before them."""
    if text.lstrip("\ufeff \t\r\n").startswith("["):
        return False
    return any(_is_object(line) for line in islice((line for line in text.splitlines() if line.strip()), _SAMPLE))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _read(likely: str, contract: Contract, place: str | None, lines: bool, data: bytes) -> Cells:
    raw, encoding = to_utf8(data, likely)
    text = raw.decode("utf-8")
    if lines and place is None:
        objects = pl.Series("line", text.splitlines() if "\r" in text else text.split("\n"), dtype=pl.String)
    else:
        objects = _objects(text, place).alias("line")
    rows = objects.to_frame().filter(pl.col("line").str.contains(r"\S")).with_row_index(ROW, offset=1)
    return _split(rows, contract, encoding)


def _objects(text: str, place: str | None) -> pl.Series:
    """The records of a document as text, fast when it is whole, else one by one up to the damage."""
    path = "$" + "".join(f'."{step}"' for step in place.split(".")) + "[*]" if place else "$[*]"
    query = (
        "select unnest(json_extract(doc, $path)::varchar[]) from (select $doc::varchar as doc) where json_valid(doc)"
    )
    with database().cursor() as con:
        whole = con.sql(query, params={"doc": text, "path": path}).pl().to_series()
    return whole if len(whole) else pl.Series(list(_salvage(text, place)), dtype=pl.String)


def _salvage(text: str, place: str | None) -> Iterator[str]:
    """The values of an array, wherever it begins; what is damaged or cut comes as one text for each damage."""
    for start in _array_starts(text, place):
        position = start
        while True:
            position = _skip(text, position)
            if position >= len(text) or text[position] == "]":
                break
            try:
                _, end = _DECODER.raw_decode(text, position)
            except (ValueError, RecursionError):
                # Damage inside: what lies before the next object that begins like one is one broken row.
                following = _NEXT_OBJECT.search(text, position)
                end = following.end() if following else len(text)
            yield text[position:end].rstrip(" \t\r\n,")
            position = end


def _array_starts(text: str, place: str | None) -> list[int]:
    if place is None:
        start = text.find("[")
        return [start + 1] if start >= 0 else []
    key = re.escape(json.dumps(place.split(".")[-1], ensure_ascii=False))
    return [found.end() for found in re.finditer(rf"{key}\s*:\s*\[", text)]


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position


def _split(rows: pl.DataFrame, contract: Contract, encoding: str) -> Cells:
    line = pl.col("line")
    unreadable = line.str.contains(REPLACEMENT, literal=True)
    rejects = [reject_rows(rows.filter(unreadable), "bad_encoding", "line")]
    rows = rows.filter(~unreadable)
    names = sorted({name for column in contract.columns.values() for name in column.names})
    paths = ["$" + "".join(f'."{step}"' for step in name.split(".")) for name in names]
    with database().cursor() as con:
        con.register("rows", rows)
        query = """
            select row_no, line, ok, case when ok then json_extract_string(line, $paths) end as found
            from (select *, coalesce(json_type(line) = 'OBJECT', false) as ok
                  from (select row_no, line from rows where json_valid(line)))
            order by row_no
        """
        frame = con.sql(query, params={"paths": paths}).pl()
    invalid = rows.join(frame.select(ROW), on=ROW, how="anti")
    rejects.append(reject_rows(invalid, "bad_json", "line"))
    rejects.append(reject_rows(frame.filter(~pl.col("ok")), "not_an_object", "line"))
    frame = frame.filter("ok")
    named = {name: pl.col("found").list.get(i, null_on_oob=True) for i, name in enumerate(names)}
    cells = frame.select(pl.col(ROW).cast(pl.Int64), **named)
    return Cells(cells, gather_rejects(rejects), encoding, raw=frame["line"])
