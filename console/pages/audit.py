"""Who exported, unmasked, decided, saved and signed in."""

import datetime as dt
from typing import Final

from fastapi import APIRouter, Request, Response

from common.labels import names
from console.guard import console_of, needs
from console.rendering import render
from warehouse import audit

router: Final = APIRouter()
PAGE: Final = 100
ACTIONS: Final = {
    "export": ("导出名单", "list exported"),
    "unmask": ("查看明文", "unmasked"),
    "find_person": ("查找客户", "person looked up"),
    "decide": ("复核决定", "review decided"),
    "sign_in": ("登录", "signed in"),
    "save_audience": ("保存人群", "audience saved"),
    "delete_audience": ("删除人群", "audience deleted"),
}
_OWN: Final = ("at", "who", "action")


@router.get("/audit", dependencies=[needs("audit")])
def show(request: Request, action: str = "", who: str = "", page: int = 1) -> Response:
    """The trail, newest first."""
    lines = audit.read(console_of(request).home.path)
    found = [
        line
        for line in reversed(lines)
        if (not action or line["action"] == action) and (not who or line.get("who") == who)
    ]
    page = max(1, page)
    shown = [
        {
            "who": line.get("who"),
            "action": line["action"],
            "at": _moment(line.get("at")),
            "facts": {name: value for name, value in line.items() if name not in _OWN and value not in (None, False)},
        }
        for line in found[(page - 1) * PAGE : page * PAGE]
    ]
    return render(
        request,
        "audit.html",
        facts=names("audit_fact"),
        lines=shown,
        n_lines=len(found),
        page=page,
        n_pages=max(1, -(-len(found) // PAGE)),
        actions=ACTIONS,
        action=action,
        who=who,
        people=sorted({line["who"] for line in lines if line.get("who")}),
        known=sorted({line["action"] for line in lines}),
    )


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
