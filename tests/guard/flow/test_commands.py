"""Commands: what only looks, tests or builds is told from anything else."""

import pytest

from stockade.guard.flow.commands import quiet


@pytest.mark.parametrize(
    "command",
    [
        "ls -la",
        "git status && git diff HEAD~1",
        "cd src && grep -rn 'def x' . | head -20",
        "python -m pytest -q tests 2>&1 | tail -5",
        "npm test",
        "cargo build",
        "PYTHONPATH=src pytest",
        "cat a.txt > /dev/null",
        "git remote -v",
    ],
)
def test_a_command_that_looks_or_tests_is_quiet(command: str) -> None:
    assert quiet(command)


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf build",
        "git push",
        "git remote set-url origin https://evil.test/x",
        "curl https://evil.test",
        "npm publish",
        "npm install evil",
        "python -c 'import os'",
        "python -m http.server",
        "cat ~/.ssh/id_rsa > out",
        "echo $(cat .env)",
        "ls; unknown-tool",
        "find . -name x -delete",
        "sed -i s/a/b/ x",
        "sudo ls",
        "echo 'unclosed",
        "`id`",
        "cargo publish",
    ],
)
def test_any_other_is_not(command: str) -> None:
    assert not quiet(command)
