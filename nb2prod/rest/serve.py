"""A server for the app, in a thread of its own beside the daemon's loop, or in the foreground."""

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from nb2prod.errors import InvalidOption, Nb2ProdError
from nb2prod.rest.app import create_app
from nb2prod.rest.security import Token, is_loopback, loopback_names, read_token

__all__ = ["NotServing", "Serving", "serving"]

_log = logging.getLogger(__name__)
_STARTS, _ENDS = 30.0, 5.0  # seconds


class NotServing(Nb2ProdError):
    exit_code = 7

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"the REST interface cannot listen at {address}: {reason}")


@dataclass(frozen=True, kw_only=True)
class Serving:
    """`token`: where people find it, "" when none is asked for."""

    url: str
    token: str


@contextmanager
def serving(
    store_url: str,
    address: str = "127.0.0.1:8787",
    *,
    token: str = "",
    hosts: Sequence[str] = (),
    wake: Callable[[], None] = lambda: None,
    alive: Callable[[], bool] | None = None,
) -> Iterator[Serving]:
    """Serves until it is left. `token`: see `read_token`; `hosts`: further names by which it may be called.

    Raises TokenRefused, NotServing, InvalidOption.
    """
    host, port = read_address(address)
    found = read_token(token, store_url, host)
    with _listening(host, port, address) as listening:
        server = _server(store_url, found, (*loopback_names(host), *hosts), wake, alive)
        thread = threading.Thread(target=server.run, args=([listening],), name="nb2prod-rest", daemon=True)
        thread.start()
        try:
            _wait(server, thread, address)
            shown = f"[{host}]" if ":" in host else host
            if not is_loopback(host):
                _log.warning("REST at %s is not encrypted: let a proxy with TLS stand before it", address)
            yield Serving(url=f"http://{shown}:{listening.getsockname()[1]}", token=found.place)
        finally:
            server.should_exit = True
            thread.join(_ENDS)


def read_address(address: str) -> tuple[str, int]:
    """HOST:PORT, [HOST]:PORT or PORT alone, which is on loopback; port 0: any that is free."""
    host, _, port = address.rpartition(":")
    host = (host or "127.0.0.1").strip("[]")
    if not port.isdecimal() or not int(port) < 65536:
        raise InvalidOption("--rest", f"{address!r} is no address; write HOST:PORT, as 127.0.0.1:8787")
    return host, int(port)


def _server(
    store_url: str,
    token: Token,
    hosts: Sequence[str],
    wake: Callable[[], None],
    alive: Callable[[], bool] | None,
) -> uvicorn.Server:
    def is_over() -> bool:
        return server.should_exit

    app = create_app(store_url, token=token, hosts=hosts, wake=wake, alive=alive, is_over=is_over)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # addresses may hold what is nobody's business; proxies keep such logs
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
        ws="none",
    )
    server = _InThread(config)
    return server


class _InThread(uvicorn.Server):
    """Leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _listening(host: str, port: int, address: str) -> Iterator[socket.socket]:
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        family = socket.AF_INET
    # asyncio turns off Nagle's delay, of 40 ms an answer, only for sockets that say that they are TCP
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise NotServing(address, error.strerror or str(error)) from error
        listening.listen(512)
        yield listening


def _wait(server: uvicorn.Server, thread: threading.Thread, address: str) -> None:
    ends = time.monotonic() + _STARTS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > ends:
            raise NotServing(address, "it did not start; the log says why")
        time.sleep(0.01)
