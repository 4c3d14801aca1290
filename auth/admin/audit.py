"""/admin/audit/: who changed what."""

from typing import Any

from auth.admin.filters import Day, Part, Person, start_of
from auth.admin.staff import Room, room_page
from auth.audit import store
from auth.audit.schemas import AuditPage
from auth.http.paging import Page
from auth.sign_in import Caller

routes = Room()


class AuditFilter(Page):
    """What narrows the log; days are UTC's, and both are meant whole."""

    action: Part = None
    subject_type: Part = None
    subject_id: Part = None
    user_id: Person = None
    since: Day = None
    until: Day = None

    @property
    def page(self) -> AuditPage:
        """The same, as the log is asked."""
        narrowed = self.model_dump(exclude={"since", "until"})
        return AuditPage.model_construct(**narrowed, since=start_of(self.since), until=start_of(self.until, days=1))


@routes.show("/admin/audit/", query=AuditFilter)
def show_audit_log(caller: Caller, query: AuditFilter) -> Any:
    """The audit log, newest first."""
    entries, following = store.list_entries(query.page)
    return room_page("audit.html", caller, entries=entries, next=following, filter=query)
