"""/admin/library/: the house's books and loans at a glance, from the same kept figures as the monitors; when people
borrow, what ends soon and what runs out are read anew.
"""

from datetime import timedelta
from typing import Any

from auth.admin.staff import Room, room_page
from auth.books.store import list_low_stock
from auth.loans.busy_hours import SHADES, WEEKDAYS
from auth.loans.store import list_due_soon, read_busiest_hours
from auth.monitors.telling import tell_analytics, tell_books, tell_loans, tell_users
from auth.sign_in import Caller

routes = Room()

HERE = "/admin/library/"
MOST_CATEGORIES = 15
SOON = timedelta(days=3)
SHOWN = 10


@routes.show(HERE)
def show_library(caller: Caller) -> Any:
    """Copies, loans and alerts, with the busiest hours and what ends or runs out soon."""
    books, loans = tell_books().told, tell_loans().told
    categories = sorted(books["category_distribution"].items(), key=lambda one: (-one[1]["total_books"], one[0]))
    return room_page(
        "library.html",
        caller,
        books=books,
        loans=loans,
        categories=categories,
        most_categories=MOST_CATEGORIES,
        alerts=[alert for told in (books, loans, tell_users().told, tell_analytics().told) for alert in told["alerts"]],
        hours=read_busiest_hours(),
        weekdays=[day[:3] for day in WEEKDAYS],
        shades=SHADES,
        low_stock=list_low_stock(SHOWN),
        due_soon=list_due_soon(SOON, SHOWN),
    )
