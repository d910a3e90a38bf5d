"""How a console is served, and the refusal to serve it unsafely."""

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Final

from common.errors import UsageError
from console.security.users import read_users
from warehouse.home import Home

EVERYWHERE: Final = ("0.0.0.0", "::")
# Said where others come by plain HTTP: Chinese and English.
PLAIN: Final = (
    "此地址未加密：请在前面放一个 TLS 反向代理（HTTPS），并以 --https 启动，否则密码与客户信息可被同网络的人读到。",
    "This address is not encrypted: put a reverse proxy with TLS (HTTPS) in front and start with --https; else others "
    "on the network can read passwords and customers' data.",
)
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
        mine = (_machine(),) if self.host in EVERYWHERE else (self.host,)
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


def address_of(config: ConsoleConfig, machine: str | None = None) -> str:
    """The address to open, which others can be given: a name that browsers call it by, else this machine's own.

    Args:
        config: how it is served.
        machine: what this machine is called in the network; None to ask it.
    """
    host = config.host
    if config.names:
        host = config.names[0]
    elif host in EVERYWHERE:
        host = machine or _machine()
    scheme = "https" if config.is_https else "http"
    # By HTTPS under a name, browsers come to the proxy in front, at its own port.
    port = "" if config.is_https and config.names else f":{config.port}"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{port}/"


def _machine() -> str:
    return socket.gethostname().lower()


def check_safe(config: ConsoleConfig, home: Home) -> None:
    """Refuses to serve people's data to whoever comes by.

    Raises:
        UsageError: there is no such home; or other machines could call, and no user is configured.
        DefinitionError: the file of users is wrong.
    """
    if not home.path.is_dir():
        raise UsageError(f"There is no home {home.path}; run `guiyi run` there first, or name another with --home.")
    if not config.is_for_this_machine and not read_users(home):
        raise UsageError(
            "The console will not be served beyond this machine while anybody could open it: add a user first with "
            "`guiyi user add NAME --role marketer`, or leave out --host, --name and --proxy-header."
        )
