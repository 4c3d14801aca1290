"""/admin/library/books/: the books of the house, to be found, added, changed and withdrawn; by the API's own rules."""

from typing import Any

import orjson
from flask import Response

from auth.admin.filters import Part
from auth.admin.staff import SIGN_IN, Room, room_page
from auth.books import changing, store
from auth.books.schemas import BookChange, BookPage, NewBook
from auth.http.body import check
from auth.http.problems import Problem
from auth.loans.lending import NO_BOOK
from auth.pages.refusing import or_say_why
from auth.pages.room import Done, PageForm, demand_unchanged, to
from auth.pages.typed import number_or_text
from auth.sign_in import Caller
from sql.models import Book

routes = Room()

HERE = "/admin/library/books/"


class BookFilter(BookPage):
    """What narrows the list."""

    q: Part = None
    category: Part = None


class BookForm(PageForm):
    """A book as its form has it; what stands here is what a new one begins with."""

    title: str = ""
    author: str = ""
    category: str = ""
    isbn: str = ""
    copies_total: str = "1"

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's models."""
        return {
            "title": self.title.strip(),
            "author": self.author.strip(),
            "category": self.category.strip(),
            "isbn": self.isbn.strip() or None,
            "copies_total": number_or_text(self.copies_total),
        }


@routes.show(HERE, query=BookFilter)
def show_books(caller: Caller, query: BookFilter) -> Any:
    """The books, in the order in which they came."""
    found = store.read_page(caller.session_id, query, is_counted=False)
    if found is None:
        return to(SIGN_IN)  # ended between the two
    books = [orjson.loads(text) for text in found[0]]
    return room_page("library_books.html", caller, books=books, next=found[1], filter=query)


@routes.show(HERE + "new/")
def show_new_book(caller: Caller) -> Any:
    """The form for a new book."""
    return _show_form(caller, BookForm())


def _show_form(caller: Caller, body: BookForm, book_id: int | None = None, refused: Problem | None = None) -> Response:
    return room_page(
        "library_book.html",
        caller,
        refused,
        form=body,
        book=find(book_id) if book_id else None,
        categories=store.list_categories(),
    )


@routes.act(HERE + "new/", body=BookForm, again=_show_form)
def add_book_by_form(caller: Caller, body: BookForm) -> Any:
    """Put a book on the shelf."""
    new = check(NewBook, body.values)
    return Done(f"{HERE}{changing.add_book(caller, new)}/", f"{new.title} is in the library.")


@routes.show(HERE + "<key:book_id>/", problems=(404,))
def show_book(caller: Caller, book_id: int) -> Any:
    """One book, to be changed."""
    return _show_form(caller, _form_of(find(book_id)), book_id)


@routes.act(HERE + "<key:book_id>/", body=BookForm, again=_show_form)
def change_book_by_form(caller: Caller, book_id: int, body: BookForm) -> Any:
    """Change a book; what the form leaves as it was is not touched."""
    before = _form_of(find(book_id))
    demand_unchanged(body, before)
    was, wanted = before.values, check(BookChange, body.values).model_dump(exclude_unset=True)
    changes = {name: value for name, value in wanted.items() if value != was[name]}
    if not changes:
        return Done(f"{HERE}{book_id}/", "Nothing was changed.")
    changing.change_book(caller, book_id, changes)
    return Done(f"{HERE}{book_id}/", f"{wanted['title']} is saved.")


@routes.show(HERE + "<key:book_id>/withdraw/", problems=(404,))
def ask_to_withdraw_book(caller: Caller, book_id: int) -> Any:
    """Whether the book really shall go."""
    return room_page(
        "sure.html",
        caller,
        title=f"Withdraw {find(book_id).title}?",
        words="Nobody finds or borrows it any more, and nobody waits for it; its loans stay on record.",
        word="Withdraw it",
        back=f"{HERE}{book_id}/",
    )


@routes.act(HERE + "<key:book_id>/withdraw/")
def withdraw_book_by_form(caller: Caller, book_id: int) -> Any:
    """Take a book from the shelf."""
    title = find(book_id).title

    def act() -> Done:
        changing.withdraw_book(caller, book_id)
        return Done(HERE, f"{title} is withdrawn.")

    return or_say_why(f"{HERE}{book_id}/", act)


def find(book_id: int) -> Book:
    """A book that is there. Raises Problem 404."""
    book = store.find_book(book_id)
    if book is None:
        raise Problem(404, NO_BOOK)
    return book


def _form_of(book: Book) -> BookForm:
    return BookForm(
        title=book.title,
        author=book.author,
        category=book.category,
        isbn=book.isbn or "",
        copies_total=str(book.copies_total),
    )
