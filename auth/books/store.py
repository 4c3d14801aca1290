"""All database work of books. What readers ask for is one statement, with the check of their session in it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func

from auth.books.isbn import read_isbn
from auth.books.schemas import BookPage, ScarceBook
from auth.books.words import category_lexeme, lexemes_of, queries_of
from auth.database import db, run_alone, run_within
from auth.http.paging import BIGGEST_KEY
from sql.models import Book, BookWords
from sql.statements import load

WALK = 2000  # books; a word that fills no page among so many is in so few that the index gives them quickly

statements = load("books")


def read_page(session_id: str, page: BookPage, *, is_counted: bool) -> tuple[list[str], int | None] | None:
    """A page of books as JSON texts, and the next page's cursor when there is more; None: the session has ended.

    With `is_counted` it is one search more.
    """
    text = (page.q or "").strip()
    narrow, others = queries_of(text, page.category)
    if text and narrow is None:  # signs alone: no book has them
        page = page.model_copy(update={"cursor": BIGGEST_KEY})
    rows = run_alone(
        statements.read_books,
        sid=session_id,
        page=page.limit,
        cursor=page.cursor,
        category=page.category,
        narrow=narrow,
        others=others,
        isbn=read_isbn(text),
        walk=WALK,
        is_counted=is_counted,
    )
    if not rows:
        return None
    texts = [printed for _, printed in rows[: page.limit] if printed is not None]
    return texts, rows[page.limit - 1][0] if len(rows) > page.limit else None


def read_book(session_id: str, book_id: int, *, is_counted: bool) -> tuple[bool, str | None]:
    """Whether the session stands, and the book as JSON text if it is there. With `is_counted` it is one view more."""
    rows = run_alone(statements.read_book, sid=session_id, book_id=book_id, is_counted=is_counted)
    return bool(rows), rows[0][0] if rows else None


def show_book(session_id: str, book_id: int) -> str | None:
    """A book that is there as JSON text, as it stands in the request's transaction; None: the session has ended."""
    rows = run_within(statements.read_book, sid=session_id, book_id=book_id, is_counted=False)
    return rows[0][0] if rows else None


def insert_book(values: Mapping[str, Any]) -> int:
    """A new book, of which all copies are available; returns its id. A known ISBN raises IntegrityError."""
    book = Book(**values, copies_available=values["copies_total"])
    db.session.add(book)
    db.session.flush()
    db.session.add(BookWords(book_id=book.id, words=_words_of(book)))
    db.session.flush()
    return book.id


def find_book(book_id: int) -> Book | None:
    """A book that is there, as staff's pages show it; nobody has viewed it by that."""
    book = db.session.get(Book, book_id)
    return book if book and book.deleted_at is None else None


def lock_book(book_id: int) -> Book | None:
    """A book that is there, held until the transaction ends; rows that refer to it can still be added."""
    book = db.session.get(Book, book_id, with_for_update={"key_share": True}, populate_existing=True)
    return book if book and book.deleted_at is None else None


def update_book(book: Book, values: Mapping[str, Any]) -> None:
    """Put `values` into a book that is held; too few copies, or a known ISBN, raise IntegrityError."""
    for name, value in values.items():
        setattr(book, name, value)
    book.copies_available = book.copies_total - book.copies_lent
    if values.keys() & {"title", "author", "category"}:
        db.session.merge(BookWords(book_id=book.id, words=_words_of(book)))
    book.updated_at = func.now()
    db.session.flush()


def withdraw_book(book: Book) -> None:
    """Take a book that is held away, with its words; one that is lent or held for who waited raises IntegrityError."""
    book.deleted_at = func.now()
    db.session.execute(delete(BookWords).where(BookWords.book_id == book.id))
    db.session.flush()


def list_low_stock(limit: int) -> list[ScarceBook]:
    """The books that are borrowed most of those with one or two copies left."""
    return [ScarceBook(*row) for row in run_within(statements.list_low_stock, page=limit)]


def list_categories() -> list[str]:
    """Every category that a book is in, in order."""
    return [category for (category,) in run_within(statements.list_categories)]


def list_missing_titles(titles: list[str], isbns: list[str | None]) -> set[str]:
    """Those of `titles` of which there never was a book, nor one of its ISBN."""
    return {title for (title,) in run_within(statements.list_missing_titles, titles=titles, isbns=isbns)}


def _words_of(book: Book) -> Any:
    return func.array_to_tsvector([*lexemes_of(book.title, book.author), category_lexeme(book.category)])
