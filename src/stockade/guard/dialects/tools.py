"""Tools that a request offers, and those of them that the vendor itself runs.

Owns where a request can offer a tool: in its list, inside another tool, and brought along by a conversation. A tool
that is not surely run by the client counts as run by the vendor: no answer asks the client about it, so policy is asked
before the request is sent.
Source: `BetaToolUnionParam` (PyPI anthropic 2.12), `responses.ToolParam`, `CompletionCreateParams` (PyPI openai 3.54).
Read November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

TURNS = ("input", "messages")
MCP = "mcp__"
"""Begins the name of all that an MCP server offers."""

_OF_THE_CLIENT = frozenset(
    {
        "", "apply_patch", "computer", "computer_use_preview", "custom", "function", "local_shell", "namespace",
        "shell", "tool_search",
    }
)  # fmt: skip
_OF_THE_CLIENT_DATED = ("bash_", "computer_", "memory_", "text_editor_")


def offered(tools: object) -> Iterator[dict[str, Any]]:
    """Yield the tools of a list and the tools inside them."""
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict):
            yield tool
            yield from offered(tool.get("tools"))


def brought(turns: object) -> Iterator[dict[str, Any]]:
    """Yield the tools that a conversation brings along: in an item, in a block, in the change of a tool."""
    for turn in turns if isinstance(turns, list) else ():
        if isinstance(turn, dict):
            if "tools" in turn or "tool" in turn:
                yield from offered(turn.get("tools"))
                yield from offered([turn.get("tool")])
            for key in ("content", "tool_changes"):
                if isinstance(turn.get(key), list):
                    yield from brought(turn[key])


def vendor_tools(request: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the tools that the vendor runs for this request, each once."""
    found: dict[str, None] = {}
    for tool in offered(request.get("tools")):
        found.update(dict.fromkeys(_run_by_vendor(tool)))
    for key in TURNS:
        for tool in brought(request.get(key)):
            found.update(dict.fromkeys(_run_by_vendor(tool)))
    servers = request.get("mcp_servers")
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, dict):
            found[MCP + str(server.get("name") or "unnamed")] = None
    if request.get("web_search_options") is not None:
        found["web_search"] = None
    return tuple(found)


def _run_by_vendor(tool: Mapping[str, Any]) -> Iterator[str]:
    kind = tool.get("type")
    kind = kind if isinstance(kind, str) else ""
    if kind in _OF_THE_CLIENT or kind.startswith(_OF_THE_CLIENT_DATED):
        return
    server = tool.get("server_label") or tool.get("mcp_server_name")
    if isinstance(server, str):
        yield MCP + server
    else:
        name = tool.get("name")
        yield name if isinstance(name, str) and name else kind
