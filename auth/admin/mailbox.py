"""/admin/mailbox/: in a demo, every mail that was or would have been sent."""

from typing import Any

from auth.admin.staff import Room, room_page
from auth.database import run_alone
from auth.house import house
from auth.http.problems import Problem
from auth.sign_in import Caller
from sql.statements import load

routes = Room()
outbox = load("outbox")

MOST_MAILS = 100
COLUMNS = ("id", "recipient", "subject", "body", "status", "created_at", "finished_at", "last_error")


@routes.show("/admin/mailbox/", problems=(404,))
def show_mailbox(caller: Caller) -> Any:
    """The newest mails, in a demo: elsewhere they are their recipients' own."""
    if not house().settings.is_demo:
        raise Problem(404, "There is a mailbox only in a demo")
    mails = [dict(zip(COLUMNS, row, strict=True)) for row in run_alone(outbox.list_mailbox, most=MOST_MAILS)]
    return room_page("mailbox.html", caller, mails=mails)
