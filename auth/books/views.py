"""/api/v1/books/: finding, seeing, adding, changing and withdrawing books."""

from typing import Any

from auth.accounts.schemas import Answer
from auth.books import changing, schemas, store
from auth.http.body import named_changes
from auth.http.problems import Problem, unauthorized
from auth.http.route import Routes, SignIn
from auth.loans import lending
from auth.sign_in import Caller, is_meant
from auth.tokens import Claims

routes = Routes("books")

PATH = "/api/v1/books/"
ONE = "/api/v1/books/<key:book_id>/"


@routes.add("GET", PATH, sign_in=SignIn.TOKEN, query=schemas.BookPage, answers={200: Answer[schemas.BookList]})
def list_books(claims: Claims, query: schemas.BookPage) -> Any:
    """Books, a page at a time; those that have all words of `q` in title or author."""
    page = store.read_page(claims.session_id, query, is_counted=query.is_search and is_meant())
    if page is None:
        raise unauthorized("The session has ended")
    texts, following = page
    return _envelope("Books retrieved", f'{{"items":[{",".join(texts)}],"next":{following or "null"}}}')


@routes.add("GET", ONE, sign_in=SignIn.TOKEN, answers={200: Answer[schemas.BookView]})
def read_book(claims: Claims, book_id: int) -> Any:
    """One book; reading it counts a view."""
    stands, printed = store.read_book(claims.session_id, book_id, is_counted=is_meant())
    if not stands:
        raise unauthorized("The session has ended")
    if printed is None:
        raise Problem(404, lending.NO_BOOK)
    return _envelope("Book retrieved", printed)


@routes.add(
    "POST",
    PATH,
    sign_in=SignIn.CALLER,
    body=schemas.NewBook,
    is_idempotent=True,
    answers={201: Answer[schemas.BookView]},
    problems=(403, 409),
)
def create_book(caller: Caller, body: schemas.NewBook) -> Any:
    """Add a book, with its copies; for librarians and staff."""
    book_id = changing.add_book(caller, body)
    return 201, _envelope("Book created", _show(caller, book_id))


@routes.add(
    "PATCH",
    ONE,
    sign_in=SignIn.CALLER,
    body=schemas.BookChange,
    answers={200: Answer[schemas.BookView]},
    problems=(403, 409),
)
def change_book(caller: Caller, book_id: int, body: schemas.BookChange) -> Any:
    """Change a book; fields that are left out stay. A copy more goes to who waits for one."""
    changing.change_book(caller, book_id, named_changes(body))
    return _envelope("Book updated", _show(caller, book_id))


@routes.add("DELETE", ONE, sign_in=SignIn.CALLER, answers={204: None}, problems=(403, 409))
def delete_book(caller: Caller, book_id: int) -> Any:
    """Withdraw a book that nobody has; nobody waits for it any more."""
    changing.withdraw_book(caller, book_id)
    return 204, None


def _show(caller: Caller, book_id: int) -> str:
    """A book that was written just now. A session that ended meanwhile is 401, and nothing is written."""
    printed = store.show_book(caller.session_id, book_id)
    if printed is None:
        raise unauthorized("The session has ended")
    return printed


def _envelope(message: str, printed: str) -> bytes:
    return f'{{"success":true,"message":"{message}","data":{printed}}}'.encode()
