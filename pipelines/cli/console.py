"""`guiyi console` and `guiyi user`: the marketers' web app, and who may sign in to it."""

import sys
from typing import Annotated

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

user_app = typer.Typer(no_args_is_help=True, help="Who may sign in to the console, and what they may do there.")
Name = Annotated[str, typer.Argument(help="The user's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(console)
    app.add_typer(user_app, name="user")


def console(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; another than loopback needs users.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8321,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name that browsers call it by; may be repeated.")
    ] = None,
    proxy_header: Annotated[
        str | None, typer.Option(help="Header in which a proxy in front says who is signed in.", show_default=False)
    ] = None,
    proxy_address: Annotated[
        list[str] | None, typer.Option(help="Where that proxy calls from; else this machine. May be repeated.")
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="Browsers come by HTTPS: cookies never go without.")] = False,
) -> None:
    """Open the marketers' web app: audiences, people, review, campaigns, data health.

    Example: guiyi console --home data/demo
    """
    from console.config import PLAIN, ConsoleConfig, address_of, check_safe
    from pipelines.resources import home_path
    from warehouse.home import Home

    where = Home(home_path(home))
    config = ConsoleConfig(
        host=host,
        port=port,
        names=tuple(name or ()),
        proxy_header=proxy_header,
        proxy_addresses=tuple(proxy_address or ("127.0.0.1", "::1")),
        is_https=https,
    )
    check_safe(config, where)
    screen().print(f"归一控制台 Console: {address_of(config)} · Ctrl+C 停止 stops it", soft_wrap=True)
    if not config.is_for_this_machine and not config.is_https:
        screen().print(f"{PLAIN[0]}\n{PLAIN[1]}", soft_wrap=True)
    from console.serving import serve

    serve(where, config)


@user_app.command("add")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, marketer, steward or admin.")] = "viewer",
    proxied: Annotated[
        bool, typer.Option("--proxied", help="No password: a proxy in front says who is signed in.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Add a user, or give one another role or password; the password is asked for, or read from a pipe.

    Example: guiyi user add anna --role marketer --home data/demo
    """
    from console.security.users import users_path, write_user
    from pipelines.resources import home_path
    from warehouse.home import Home

    where = Home(home_path(home))
    write_user(where, name, role, None if proxied else _password())
    screen().print(f"✓ {name} ({role}) → {users_path(where)}", soft_wrap=True, markup=False)


@user_app.command("remove")
def remove(name: Name, home: HomeOption = None) -> None:
    """Remove a user; sessions that are open end with the next click.

    Example: guiyi user remove anna --home data/demo
    """
    from console.security.users import remove_user
    from pipelines.resources import home_path
    from warehouse.home import Home

    remove_user(Home(home_path(home)), name)
    screen().print(f"✓ {name}", markup=False)


@user_app.command("list")
def list_users(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """List the users with their roles.

    Example: guiyi user list --home data/demo
    """
    from console.security.users import read_users
    from pipelines.resources import home_path
    from warehouse.home import Home

    users = read_users(Home(home_path(home)))
    if to_json:
        as_json([{"name": name, "role": user.role} for name, user in sorted(users.items())])
        return
    rows = table("用户 user", "角色 role", numbers_from=9)
    for name, user in sorted(users.items()):
        rows.add_row(name, user.role)
    screen().print(rows)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("密码 Password", hide_input=True, confirmation_prompt=True))
