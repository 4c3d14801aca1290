"""What a migration does to rows that are there already: it is run anew on a database that looks as it did before."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from sql.engine import driver_url
from standalone.postgres import Server
from tests.support.databases import Database, throw_away

MIGRATIONS = Path(__file__).parents[2] / "sql" / "migrations"
BOOKS = """INSERT INTO books (title, category, copies_total, copies_available, deleted_at) VALUES
    ('Dune', 'It''s \\ more', 1, 1, NULL), ('Emma', 'Novels', 1, 1, now()), ('Solaris', 'Novels', 1, 1, NULL)"""
WORDS = "INSERT INTO book_words SELECT id, array_to_tsvector(ARRAY[lower(title)]) FROM books WHERE title <> 'Solaris'"


def run_again(database: Database, revision: str, before: str) -> None:
    """Run one revision, which the database has, once more."""
    engine = create_engine(driver_url(database.owner_url))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.stamp(config, before)
        command.upgrade(config, revision)
    engine.dispose()


def test_books_that_were_there_are_found_by_category_and_withdrawn_ones_are_not(server: Server) -> None:
    with throw_away(server) as database:
        database.rows(BOOKS)
        database.rows(WORDS)
        run_again(database, "0011", before="0010")
        found = database.rows("SELECT title, tsvector_to_array(words) FROM book_words JOIN books ON id = book_id")
    assert found == [("Dune", ["=It's \\ more", "dune"])]
