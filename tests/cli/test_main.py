import click
import pytest
from click.testing import CliRunner

from stockade import __version__
from stockade.cli import keys
from stockade.cli.main import Commands, main
from stockade.core.errors import StorageError


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"stockade, version {__version__}\n"


def test_commands_are_found_by_their_file() -> None:
    listed = main.list_commands(click.Context(main))
    assert {"config", "keys"} <= set(listed)
    assert not {"main", "reference"} & set(listed)
    assert main.get_command(click.Context(main), "keys") is keys.command


@pytest.mark.parametrize("name", ["nonsense", "main", "reference", "os.path", "..", "", "__init__", "keys.create"])
def test_what_is_no_command_is_not_run(name: str) -> None:
    assert main.get_command(click.Context(main), name) is None
    assert CliRunner().invoke(main, [name]).exit_code == 2


def test_an_expected_failure_is_lines_on_stderr_and_status_2() -> None:
    class One(Commands):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            def fail() -> None:
                raise StorageError("The disk is full.", hint="Make room.")

            return click.Command("fail", callback=fail)

    result = CliRunner().invoke(One("stockade"), ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "storage: The disk is full.\n  Make room.\n")


def test_a_defect_is_not_dressed_up_as_an_answer() -> None:
    class One(Commands):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            return click.Command("fail", callback=lambda: 1 // 0)

    assert isinstance(CliRunner().invoke(One("stockade"), ["fail"]).exception, ZeroDivisionError)
