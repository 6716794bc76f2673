"""The least that a gate in Python can be: uvicorn receives, aiohttp calls, bytes pass through. No guard, no record.

What the gate costs beyond this is its own work; what this costs beyond nginx is the price of the language.
Run as a program: PORT and the vendor's PORT.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import uvicorn
import uvloop


class BareGate:
    """An ASGI application that hands a request on and its answer back as it comes."""

    def __init__(self, vendor: str) -> None:
        """Call the vendor at this address."""
        self._vendor = vendor
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one request."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=512), cookie_jar=aiohttp.DummyCookieJar()
            )
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        query = scope["query_string"].decode()
        url = self._vendor + scope["path"] + (f"?{query}" if query else "")
        headers = {"content-type": "application/json"}
        async with self._session.request(scope["method"], url, data=body, headers=headers) as response:
            media = response.headers["content-type"].encode()
            head: list[tuple[bytes, bytes]] = [(b"content-type", media)]
            if response.content_length is not None:
                head.append((b"content-length", str(response.content_length).encode()))
            await send({"type": "http.response.start", "status": response.status, "headers": head})
            async for chunk in response.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def main() -> None:
    """Serve until stopped."""
    application = BareGate(f"http://127.0.0.1:{sys.argv[2]}")
    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=600,
        backlog=2048,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
