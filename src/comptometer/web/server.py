"""The local server: the same pages as the static folder, and the interface for programs beside them."""

from __future__ import annotations

import socket
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from comptometer import __version__
from comptometer.errors import ComptometerError, DataError, NotEnoughEvidence, NotFound, UsageError
from comptometer.web.site import API, Site

if TYPE_CHECKING:
    import uvicorn

    from comptometer.web.guard import App

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_STATUS: Final = ((NotFound, 404), (NotEnoughEvidence, 422), (UsageError, 422), (DataError, 422))


def application(hosts: frozenset[str] = LOOPBACK) -> App:
    """The server as an ASGI application.

    Args:
        hosts: names under which it may be asked; everything where empty.

    Raises:
        ComptometerError: the extra `web` is not installed.
    """
    try:
        from fastapi import FastAPI, Request
        from fastapi.exceptions import RequestValidationError
        from fastapi.responses import JSONResponse, Response
    except ImportError:
        raise ComptometerError("the page needs the extra: pip install 'comptometer[web]'") from None
    from comptometer.web.api import ROUTES
    from comptometer.web.api._problem import PROBLEMS, lines
    from comptometer.web.guard import Guard

    site = Site(served=True)
    app = FastAPI(
        title="comptometer",
        version=__version__,
        description="Training compute of AI models: how much, how we know, how sure we are.",
        docs_url=None,  # it would be loaded from elsewhere
        redoc_url=None,
        openapi_url=f"/{API}/openapi.json",
    )
    for router in ROUTES.values():
        app.include_router(router, prefix=f"/{API}", responses=PROBLEMS)

    def refused(request: Request, error: Exception) -> JSONResponse:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
        suggestions = list(getattr(error, "suggestions", ()))
        return JSONResponse({"detail": str(error), **({"suggestions": suggestions} if suggestions else {})}, status)

    def unread(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return JSONResponse({"detail": lines(error.errors())}, 422)

    app.add_exception_handler(ComptometerError, refused)
    app.add_exception_handler(RequestValidationError, unread)

    @lru_cache(maxsize=512)
    def content(path: str) -> tuple[bytes, str]:
        return site.content(path)

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> Response:
        """A page or a file of the site."""
        path = path + "index.html" if not path or path.endswith("/") else path
        found, kind = content(path)
        return Response(found, media_type=kind)

    threading.Thread(target=_warm, args=(content,), daemon=True).start()
    return Guard(app, hosts)


def _warm(content: object) -> None:
    """What the first reader would wait for, made while the server already answers."""
    for path in ("index.html", "assets/vega.js"):
        content(path)  # type: ignore[operator]


def serve(host: str, listening: socket.socket) -> None:
    """Answer on a socket until interrupted.

    Args:
        host: the address that it listens on; beyond loopback, every name of the machine will do.
        listening: bound to it.
    """
    prepared(host).run(sockets=[listening])


def prepared(host: str) -> uvicorn.Server:
    """What answers on a socket, once it is run."""
    app = application(LOOPBACK if host in LOOPBACK else frozenset())
    import uvicorn

    from comptometer.web.patience import Patient

    return uvicorn.Server(
        uvicorn.Config(
            app, http=Patient, log_level="warning", access_log=False, server_header=False, timeout_keep_alive=5
        )
    )
