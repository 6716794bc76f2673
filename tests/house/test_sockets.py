"""The suite itself cannot leave this machine."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_an_address_that_is_not_listed_is_refused() -> None:
    # Loopback as well, so that a guard that is off fails here and not on somebody else's machine.
    with (
        socket.socket() as outside,
        pytest.warns(UserWarning, match="tried to use socket"),
        pytest.raises(SocketConnectBlockedError),
    ):
        outside.connect(("127.0.0.2", 9))


def test_loopback_stays_open() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        connection, _ = server.accept()
        connection.close()
