"""/admin/library/: the house's books and loans at a glance, from the same kept figures as the monitors."""

from typing import Any

from auth.admin.library_figures import SHADES, SHORT_WEEKDAYS, list_due_soon, list_low_stock, read_busiest_hours
from auth.admin.staff import Room, room_page
from auth.monitors.telling import tell_analytics, tell_books, tell_loans, tell_users
from auth.sign_in import Caller

routes = Room()

HERE = "/admin/library/"
MOST_CATEGORIES = 15


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
        weekdays=SHORT_WEEKDAYS,
        shades=SHADES,
        low_stock=list_low_stock(),
        due_soon=list_due_soon(),
    )
