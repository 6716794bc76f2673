"""Tools that are known by name: those of Claude Code and Codex, and of the reference servers of MCP.

Owns their labels, which go before any guess. Configuration goes before these (`tools:`).
Source: Claude Code 2.1.330, Codex CLI 0.169, github.com/modelcontextprotocol/servers, read November 2026.
"""

from __future__ import annotations

from stockade.guard.flow.labels import Label, Labels

_CHANGES = frozenset({Label.CHANGES_STATE})
_QUIET: frozenset[Label] = frozenset()
_FILES = frozenset({Label.READS_UNTRUSTED, Label.READS_PRIVATE})
_WEB = frozenset({Label.READS_UNTRUSTED, Label.SENDS_OUT})
_ALL = frozenset(Label)

KNOWN: Labels = {
    # Claude Code
    "AskUserQuestion": _QUIET,
    "Bash": _ALL,
    "BashOutput": frozenset({Label.READS_UNTRUSTED}),
    "Edit": _CHANGES,
    "EnterPlanMode": _QUIET,
    "ExitPlanMode": _QUIET,
    "Glob": _QUIET,
    "Grep": _FILES,
    "KillShell": _QUIET,
    "LS": _QUIET,
    "MultiEdit": _CHANGES,
    "NotebookEdit": _CHANGES,
    "Read": _FILES,
    "Skill": frozenset({Label.READS_UNTRUSTED}),
    "Task": frozenset({Label.READS_UNTRUSTED}),
    "TodoWrite": _QUIET,
    "WebFetch": _WEB,
    "WebSearch": _WEB,
    "Write": _CHANGES,
    # Codex
    "apply_patch": _CHANGES,
    "exec_command": _ALL,
    "local_shell": _ALL,
    "shell": _ALL,
    "shell_command": _ALL,
    "update_plan": _QUIET,
    "view_image": _FILES,
    "web_search": _WEB,
    "write_stdin": _ALL,
    # Reference servers of the Model Context Protocol, whatever name the client gave the server
    "directory_tree": _QUIET,
    "list_allowed_directories": _QUIET,
    "list_directory": _QUIET,
    "sequentialthinking": _QUIET,
}
"""Labels by name. A name behind `mcp__SERVER__` is looked up whole first, then by its last part."""
