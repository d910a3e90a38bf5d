"""Roles: what each may do. A page asks for a permission, never for a role."""

from typing import Final, Literal, get_args

Role = Literal["viewer", "marketer", "steward", "admin"]
Permission = Literal["view", "edit_audiences", "export", "unmask", "review", "audit"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"view"}),
    "marketer": frozenset({"view", "edit_audiences", "export"}),
    "steward": frozenset({"view", "unmask", "review"}),
    "admin": frozenset(get_args(Permission)),
}
# In Chinese and English, as menus and sentences call them.
ROLE_NAMES: Final[dict[Role, tuple[str, str]]] = {
    "viewer": ("查看者", "viewer"),
    "marketer": ("营销", "marketer"),
    "steward": ("数据管家", "steward"),
    "admin": ("管理员", "admin"),
}


def who_may(permission: Permission) -> tuple[str, str]:
    """The roles that have a permission, in Chinese and English, for a sentence that says whom to ask."""
    names = [ROLE_NAMES[role] for role in ROLES if allows(role, permission)]
    return "或".join(zh for zh, _ in names), " or ".join(en for _, en in names)


def allows(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission in PERMISSIONS[role]
