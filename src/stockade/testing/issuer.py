"""A fake issuer of tokens: signs what a test wants, and serves its metadata and keys on loopback. For tests alone.

Signs anything, also what no provider would: whoever can reach it is believed by a gate that is configured for it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import orjson
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

PrivateKey = RSAKey | ECKey | OKPKey


def make_key(kind: str, key_id: str) -> PrivateKey:
    """Return a new private key: "RSA", "P-256", "P-384" or "Ed25519"."""
    parameters: Any = {"kid": key_id}
    if kind == "RSA":
        return RSAKey.generate_key(2048, parameters)
    if kind == "Ed25519":
        return OKPKey.generate_key("Ed25519", parameters)
    return ECKey.generate_key(kind, parameters)


def sign(
    key: PrivateKey, claims: Mapping[str, Any], *, algorithm: str = "RS256", header: Mapping[str, Any] | None = None
) -> str:
    """Return a token of `claims`, signed by `key`; `header` adds to or replaces what stands in its header."""
    told = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid, **(header or {})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # EdDSA is a name of before RFC 9864, and still in use
        return jws.serialize_compact(told, orjson.dumps(claims), key, algorithms=[algorithm])


class FakeIssuer:
    """An issuer on loopback. `answers` maps a path to status and body, and may be changed while it runs."""

    def __init__(self) -> None:
        """Listen on a free port with one RSA key."""
        self.asked: list[str] = []
        self.forms: list[bytes] = []
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.waits_for: threading.Event | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.keys: list[PrivateKey] = [make_key("RSA", "first")]
        self.publish()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def publish(self) -> None:
        """Serve metadata and the public halves of `keys` as they are now."""
        names = {
            "jwks_uri": "/jwks",
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "introspection_endpoint": "/introspect",
        }
        metadata = {"issuer": self.url, **{name: self.url + path for name, path in names.items()}}
        self.answers["/.well-known/openid-configuration"] = (200, orjson.dumps(metadata))
        self.answers["/jwks"] = (200, orjson.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}))

    def rotate(self, key_id: str) -> None:
        """Sign with a new key from now on; the old ones are no longer published."""
        self.keys = [make_key("RSA", key_id)]
        self.publish()

    def sign(self, claims: Mapping[str, Any], **how: Any) -> str:
        """Return a token of this issuer, signed by its newest key."""
        return sign(self.keys[-1], {"iss": self.url, **claims}, **how)

    def stop(self) -> None:
        """Answer nobody any more; a second call does nothing."""
        if self.waits_for is not None:
            self.waits_for.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        """Return the listening issuer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                issuer.forms.append(self.rfile.read(int(self.headers.get("content-length", "0"))))
                self._answer()

            def _answer(self) -> None:
                path = self.path.partition("?")[0]
                issuer.asked.append(path)
                if issuer.waits_for is not None:
                    issuer.waits_for.wait(30)
                status, body = issuer.answers.get(path, (404, b"{}"))
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the standard library
                pass

        return Handler
