"""What the paths of books take and give."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from auth.books.isbn import read_isbn
from auth.http.body import Body
from auth.http.paging import Page
from auth.http.texts import OneLine

MOST_COPIES = 100_000


def _check_isbn(given: str) -> str:
    number = read_isbn(given)
    if number is None:
        raise ValueError("must be an ISBN of 10 or 13 digits whose check digit is right")
    return number


Title = Annotated[str, Field(min_length=1, max_length=200), OneLine]
Author = Annotated[str, Field(max_length=200), OneLine]
Category = Annotated[str, Field(min_length=1, max_length=100), OneLine]
Isbn = Annotated[str, Field(max_length=40), AfterValidator(_check_isbn)]
Copies = Annotated[int, Field(ge=0, le=MOST_COPIES)]


class NewBook(Body):
    """A book to be lent."""

    title: Title
    author: Author = ""
    category: Category
    isbn: Isbn | None = None
    copies_total: Copies = 1


class BookChange(Body):
    """The fields to change; one that is left out stays, and an `isbn` of null is none."""

    title: Title = ""
    author: Author = ""
    category: Category = ""
    isbn: Isbn | None = None
    copies_total: Copies = 0


class BookPage(Page):
    """A page of books, in the order they came."""

    q: Annotated[
        str | None, Field(max_length=200, description="Beginnings of words in title or author, or an ISBN")
    ] = None
    category: Annotated[str | None, Field(max_length=100)] = None

    @property
    def is_search(self) -> bool:
        """Whether words are looked for, and this is the first page of what has them."""
        return bool(self.q and self.q.strip()) and not self.cursor


class BookView(BaseModel):
    """A book; a copy that is held for who waited is available, to them."""

    id: int
    title: str
    author: str
    category: str
    isbn: str | None
    copies_total: int
    copies_available: int
    views: int
    borrows: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ScarceBook:
    """A book with hardly a copy left."""

    id: int
    title: str
    author: str
    copies_available: int
    copies_total: int
    waiting: int


class BookList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[BookView]
    next: int | None
