"""`comptometer serve`."""

from __future__ import annotations

import socket

import click

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8018, help="0 takes any that is free.  [8018]")
@click.option(
    "--host", default="127.0.0.1", metavar="ADDRESS", help="Where to listen; beyond this machine needs --public."
)
@click.option("--public", is_flag=True, help="Let other machines ask.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
def command(port: int, host: str, public: bool, no_open: bool) -> None:
    """Open the page: charts, models, chips, the calculator. Everything stays on this machine.

    \b
    Examples:
      comptometer serve
      comptometer serve --port 0 --no-open
    """
    if host not in LOOPBACK and not public:
        raise click.UsageError(f"--host {host} lets other machines ask; say --public if that is meant")
    from comptometer.web.server import serve

    listening = _listening(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/"
    click.echo(f"comptometer serves {address} until you press Ctrl-C", err=True)
    if not no_open:
        click.launch(address)
    serve(host, listening)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that the address is known before the first request."""
    from comptometer.errors import ComptometerError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that is said to be TCP does asyncio send small answers at once; else each takes 40 ms longer.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(128)  # who asks before we answer waits
    except OSError as error:
        found.close()
        raise ComptometerError(
            f"cannot listen on {host}, port {port}: {error.strerror}; --port 0 takes a free one"
        ) from None
    return found
