"""Importing any module of the package asks nothing of the world: no socket, no process, no thread, no output."""

import subprocess
import sys

import pytest

PRELUDE = """
import pkgutil, sys, threading

def refuse(event, arguments):
    if event.startswith(("socket.", "os.fork", "os.exec", "os.posix_spawn", "os.system", "subprocess.")):
        raise RuntimeError(f"import raised the event {event}")

sys.addaudithook(refuse)
"""
WALK = """
import importlib, stockade

def broken(name):
    raise

for module in pkgutil.walk_packages(stockade.__path__, "stockade.", onerror=broken):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert threading.active_count() == 1, threading.enumerate()
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PRELUDE + program], capture_output=True, text=True, check=False)


def test_the_package_alone_is_a_version() -> None:
    result = run(
        "before = set(sys.modules)\nimport stockade\nprint(sorted(set(sys.modules) - before), stockade.__version__)"
    )
    assert result.stderr == ""
    assert result.stdout == "['stockade'] 0.1.0\n"


def test_every_module_imports_without_the_world() -> None:
    result = run(WALK)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "program",
    [
        "import socket\nsocket.socket()",
        "import socket\nsocket.getaddrinfo('localhost', 80)",
        "import subprocess\nsubprocess.run(['true'])",
    ],
)
def test_the_hook_sees_the_world(program: str) -> None:
    assert "import raised the event" in run(program).stderr
