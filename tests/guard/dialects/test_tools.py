"""Tools that a vendor runs are found wherever a request can offer them; those of the client are not."""

import pytest

from stockade.guard.dialects.tools import vendor_tools

SEARCH = {"type": "web_search_20250305", "name": "web_search"}


@pytest.mark.parametrize(
    ("request_body", "names"),
    [
        ({"tools": [SEARCH]}, ("web_search",)),
        ({"tools": [{"type": "web_search"}, {"type": "code_interpreter"}]}, ("web_search", "code_interpreter")),
        ({"tools": [{"type": "mcp", "server_label": "git", "server_url": "https://x.test"}]}, ("mcp__git",)),
        ({"tools": [{"type": "mcp_toolset", "mcp_server_name": "git"}]}, ("mcp__git",)),
        ({"mcp_servers": [{"type": "url", "name": "git", "url": "https://x.test"}]}, ("mcp__git",)),
        ({"web_search_options": {}}, ("web_search",)),
        ({"tools": [{"type": "namespace", "tools": [SEARCH]}]}, ("web_search",)),
        ({"messages": [{"role": "user", "content": [{"tools": [SEARCH]}]}]}, ("web_search",)),
        ({"input": [{"type": "additional_tools", "tools": [SEARCH]}]}, ("web_search",)),
        ({"tools": [SEARCH, SEARCH]}, ("web_search",)),
        ({"tools": [{"type": "of_next_year"}]}, ("of_next_year",)),
        ({"tools": [{"type": "of_next_year", "name": ""}]}, ("of_next_year",)),
    ],
)
def test_a_tool_of_the_vendor_is_named(request_body: dict[str, object], names: tuple[str, ...]) -> None:
    assert vendor_tools(request_body) == names


@pytest.mark.parametrize(
    "tool",
    [
        {"name": "read", "input_schema": {}},
        {"type": "custom", "name": "read"},
        {"type": "function", "function": {"name": "read"}},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
        {"type": "computer_20251124", "name": "computer"},
        {"type": "local_shell"},
        {"type": 3},
        "read",
    ],
)
def test_a_tool_that_the_client_runs_is_not(tool: object) -> None:
    assert vendor_tools({"tools": [tool]}) == ()


@pytest.mark.parametrize("odd", [None, 3, "x", {}, [None], [[]]])
def test_what_is_no_list_of_tools_offers_none(odd: object) -> None:
    assert vendor_tools({"tools": odd, "messages": odd, "input": odd, "mcp_servers": odd}) == ()
