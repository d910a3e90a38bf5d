"""The dictionary: search as one types, a page for each table and each tag."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from common.labels import of_column
from console.data.audiences import names
from console.data.dictionary import (
    KINDS,
    SCHEMAS,
    Dictionary,
    Entry,
    audience_entry,
    read_dictionary,
    sample_query,
    search,
)
from console.data.rows import rows
from console.guard import console_of, needs
from console.rendering import render
from segments.api import survey_audiences

router: Final = APIRouter()
_VALUES: Final = "select value, n_people, people_share from marts.tag_summary where tag = ? order by n_people desc"


@router.get("/dictionary", dependencies=[needs("view")])
def show(request: Request, q: str = "") -> Response:
    """What is there, or what a search finds."""
    dictionary = _dictionary(request)
    audiences = _audiences(request)
    found = search(dictionary, audiences, q)
    tables = sorted(dictionary.tables.values(), key=lambda table: table["name"])
    by_schema = [(name, zh, en, [table for table in tables if table["schema"] == name]) for name, zh, en in SCHEMAS]
    return render(
        request, "dictionary.html", q=q.strip(), found=found, kinds=KINDS, by_schema=by_schema,
        tags=list(dictionary.tags.values()), audiences=audiences, is_complete=dictionary.is_complete,
        n_columns=sum(len(table["columns"]) for table in tables),
    )  # fmt: skip


@router.get("/dictionary/tables/{name}", dependencies=[needs("view")])
def show_table(request: Request, name: str) -> Response:
    """One table: grain, key, owner, columns, a query to begin with."""
    dictionary = _dictionary(request)
    table = dictionary.tables.get(name)
    if table is None:
        raise HTTPException(404)
    return render(
        request,
        "dictionary_table.html",
        table=table,
        query=sample_query(table),
        is_complete=dictionary.is_complete,
        said=of_column,
    )


@router.get("/dictionary/tags/{name}", dependencies=[needs("view")])
def show_tag(request: Request, name: str) -> Response:
    """One tag: who gets it, its values, its rule."""
    tag = _dictionary(request).tags.get(name)
    if tag is None:
        raise HTTPException(404)
    with console_of(request).warehouse.reading() as published:
        values = rows(published.con, _VALUES, [name])
    return render(request, "dictionary_tag.html", tag=tag, values=values, names=names(console_of(request).warehouse))


def _dictionary(request: Request) -> Dictionary:
    return console_of(request).warehouse.once("page: dictionary", lambda published: read_dictionary(published.con))


def _audiences(request: Request) -> list[Entry]:
    """The audiences that can be read; what is wrong with the others is told on their own page."""
    shelf = survey_audiences(console_of(request).home.path)
    found = [one.definition for one in shelf.audiences.values()]
    return [
        audience_entry(one.name, one.label.zh, one.label.en, one.description.zh, one.description.en) for one in found
    ]
