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


def allows(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission in PERMISSIONS[role]
