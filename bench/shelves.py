"""A library for the benches: books whose words are spread as words are, a few in most titles and most in a few."""

from collections.abc import Iterator
from io import StringIO
from itertools import accumulate, islice
from random import Random

import psycopg2

from auth.books.words import category_lexeme, lexemes_of
from tests.support.databases import Database

BOOKS = 100_000
VOCABULARY = 20_000
CATEGORIES = ("Novels", "Science", "History", "Travel", "Art", "Music", "Law", "Cooking")
SYLLABLES = (
    "ba",
    "co",
    "di",
    "fu",
    "ge",
    "ha",
    "jo",
    "ki",
    "lu",
    "me",
    "no",
    "pra",
    "que",
    "ri",
    "sto",
    "tu",
    "ve",
    "wo",
)
EVERYWHERE, SOMEWHERE, LATE = "the", "island", "zeppelin"
LATE_FROM = 0.9  # a word that only the last tenth has, and all of them

SHELVE = "COPY books (title, author, category, copies_total, copies_available) FROM STDIN"
KNOW_WORDS = "INSERT INTO book_words (book_id, words) SELECT id, array_to_tsvector(words) FROM told"


def fill_shelves(database: Database, count: int = BOOKS) -> None:
    """Put books into an empty library."""
    books = list(islice(_invent(Random(6), count), count))
    connection = psycopg2.connect(database.owner_url)
    try:
        with connection, connection.cursor() as cursor:
            lines = ("\t".join((title, author, category, "5", "5")) + "\n" for title, author, category in books)
            cursor.copy_expert(SHELVE, StringIO("".join(lines)))
            cursor.execute("CREATE TEMPORARY TABLE told (id bigint, words text[])")
            told = (
                f"{number}\t{{{','.join([*lexemes_of(title, author), category_lexeme(category)])}}}\n"
                for number, (title, author, category) in enumerate(books, 1)
            )
            cursor.copy_expert("COPY told FROM STDIN", StringIO("".join(told)))
            cursor.execute(KNOW_WORDS)
        connection.autocommit = True  # VACUUM takes no transaction
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE books, book_words")
    finally:
        connection.close()


def _invent(luck: Random, count: int) -> Iterator[tuple[str, str, str]]:
    words = ["".join(luck.choices(SYLLABLES, k=luck.randint(1, 4))) for _ in range(VOCABULARY)]
    weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    for number in range(count):
        title = luck.choices(words, cum_weights=weights, k=luck.randint(1, 6))
        if luck.random() < 0.6:
            title.insert(0, EVERYWHERE)
        if luck.random() < 0.02:
            title.append(SOMEWHERE)
        if number >= count * LATE_FROM:
            title.append(LATE)
        author = luck.choices(words, cum_weights=weights, k=2)
        yield " ".join(title).capitalize(), " ".join(author).title(), luck.choice(CATEGORIES)
