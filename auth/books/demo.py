"""A demo's library: its books, from a file, and what the demo's people have borrowed. What is there already stays."""

from dataclasses import dataclass
from importlib import resources

from auth.accounts.store import find_user
from auth.books import store
from auth.database import db
from auth.house import house
from auth.loans.store import make_demo_loans

# Title, days ago when it was borrowed, and when it was returned. One is late: the collector finds it so. It is one of
# eleven that are out, else a fresh demo's first alert were of its own loans.
LOANS = {
    "user@example.com": (
        ("The Hobbit", 61, 50),
        ("Cosmos", 45, 29),
        ("Pippi Longstocking", 40, 33),
        ("Dune", 17, None),
        ("The Selfish Gene", 5, None),
    ),
    "admin@example.com": (
        ("The Mythical Man-Month", 80, 41),
        ("Design Patterns", 12, None),
        ("Introduction to Algorithms", 12, None),
        ("Guns, Germs, and Steel", 9, None),
        ("Brave New World", 8, None),
        ("Crime and Punishment", 6, None),
        ("Meditations", 4, None),
        ("A Brief History of Time", 3, None),
        ("The Great Gatsby", 2, None),
        ("The Little Prince", 1, None),
    ),
}


@dataclass(frozen=True)
class DemoBook:
    """A line of the file."""

    category: str
    title: str
    author: str
    isbn: str | None
    copies_total: int


def make_demo_library() -> str:
    """Make the books that never were there, and loans of people who never had one; tells how many."""
    books = _read_books()
    missing = store.list_missing_titles([book.title for book in books], [book.isbn for book in books])
    for book in books:
        if book.title in missing:
            store.insert_book(vars(book))
    loans = sum(_lend(email) for email in LOANS)
    db.session.commit()
    return f"{len(missing)} demo books made, {len(books) - len(missing)} were there; {loans} loans made."


def _read_books() -> list[DemoBook]:
    content = resources.files("auth.books").joinpath("demo_books.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in content.splitlines())
    return [
        DemoBook(category, title, author, isbn or None, int(copies)) for category, title, author, isbn, copies in lines
    ]


def _lend(email: str) -> int:
    user = find_user(email)
    if user is None:
        return 0
    return make_demo_loans(user.id, user.role, house().settings.terms_of(user.role).span, LOANS[email])
