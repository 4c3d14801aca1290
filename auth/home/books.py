"""/home/books/: the catalogue, to find a book in and borrow it, or to wait for it where no copy is left."""

from typing import Any
from urllib.parse import urlencode

import orjson

from auth.books.schemas import BookPage
from auth.books.store import read_page
from auth.home.loans import LOANS
from auth.home.owner import SIGN_IN, Room, room_page
from auth.loans.lending import borrow, cancel, reserve
from auth.loans.store import list_standings
from auth.pages.refusing import or_say_why
from auth.pages.room import Done, PageForm, to
from auth.sign_in import Caller, is_meant

routes = Room()

BOOKS = "/home/books/"


class CatalogueForm(PageForm):
    """A button beside a book, and what was searched for when it was found."""

    q: str = ""
    category: str = ""

    @property
    def way_back(self) -> str:
        """The page on which the button stood."""
        searched = {name: value for name, value in (("q", self.q), ("category", self.category)) if value}
        return f"{BOOKS}?{urlencode(searched)}" if searched else BOOKS


@routes.show(BOOKS, query=BookPage)
def show_catalogue(caller: Caller, query: BookPage) -> Any:
    """The books in the order in which they came, or those that are looked for."""
    found = read_page(caller.session_id, query, is_counted=query.is_search and is_meant())
    if found is None:
        return to(SIGN_IN)  # ended between the two
    books = [orjson.loads(text) for text in found[0]]
    standings = list_standings(caller.id, [book["id"] for book in books])
    shown = [(book, standings[book["id"]]) for book in books if book["id"] in standings]
    return room_page("books.html", caller, shown=shown, next=found[1], filter=query)


@routes.act(BOOKS + "<key:book_id>/borrow/", body=CatalogueForm)
def borrow_by_button(caller: Caller, book_id: int, body: CatalogueForm) -> Any:
    """Borrow a book."""

    def act() -> Done:
        loan = borrow(caller, book_id)
        return Done(LOANS, f"{loan['book']['title']} is yours until {loan['due_at']:%Y-%m-%d %H:%M} UTC.")

    return or_say_why(body.way_back, act)


@routes.act(BOOKS + "<key:book_id>/reserve/", body=CatalogueForm)
def reserve_by_button(caller: Caller, book_id: int, body: CatalogueForm) -> Any:
    """Wait for a book."""

    def act() -> Done:
        place = reserve(caller, book_id)
        return Done(LOANS, f"You wait for {place['book']['title']}: a mail tells when a copy is held for you.")

    return or_say_why(body.way_back, act)


@routes.act(BOOKS + "<key:book_id>/cancel/")
def cancel_by_button(caller: Caller, book_id: int) -> Any:
    """Wait for a book no longer."""

    def act() -> Done:
        cancel(caller, book_id)
        return Done(LOANS, "You wait for it no longer.")

    return or_say_why(LOANS, act)
