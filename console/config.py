"""How a console is served, and the refusal to serve it unsafely."""

import ipaddress
from dataclasses import dataclass, field
from typing import Final

from common.errors import UsageError
from console.security.users import read_users
from warehouse.home import Home

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class ConsoleConfig:
    """Where a console listens and whom it believes.

    Attributes:
        host: the address to bind; loopback unless told otherwise.
        names: host names under which browsers may call it, beside loopback's; others are refused, so that a foreign
            page cannot reach a console through a name of its own.
        proxy_header: header with the name of who is signed in, set by a proxy in front; None when there is none.
        proxy_addresses: where that proxy calls from; the header counts from there alone.
        is_https: whether browsers come by HTTPS; cookies then never go without.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    names: tuple[str, ...] = ()
    proxy_header: str | None = None
    proxy_addresses: tuple[str, ...] = ("127.0.0.1", "::1")
    is_https: bool = False
    allowed_names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        mine = () if self.host in ("0.0.0.0", "::") else (self.host,)
        object.__setattr__(self, "allowed_names", (*LOOPBACK_NAMES, *mine, *self.names))

    @property
    def is_for_this_machine(self) -> bool:
        """Whether nobody but who sits here can call: no other address, no other name, no proxy in front."""
        return self._is_loopback and not self.names and self.proxy_header is None

    @property
    def _is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def check_safe(config: ConsoleConfig, home: Home) -> None:
    """Refuses to serve people's data to whoever comes by.

    Raises:
        UsageError: other machines could call, and no user is configured.
        DefinitionError: the file of users is wrong.
    """
    if not config.is_for_this_machine and not read_users(home):
        raise UsageError(
            "The console will not be served beyond this machine while anybody could open it: add a user first with "
            "`guiyi user add NAME --role marketer`, or leave out --host, --name and --proxy-header."
        )
