from alembic.script import ScriptDirectory

from stockade.stores.upgrade import HEAD, MIGRATIONS


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]
