"""Database work of staff's user administration."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from auth.database import db
from auth.http.paging import contains
from auth.users.schemas import UserPage
from sql.models import User


def list_users(page: UserPage) -> tuple[list[User], int | None]:
    """A page of accounts in the order they came, and the next page's cursor."""
    found = select(User).where(User.number > page.cursor).order_by(User.number).limit(page.limit + 1)
    if page.role:
        found = found.where(User.role == page.role)
    if page.q:
        pattern = contains(page.q)
        found = found.where(User.email.ilike(pattern) | (User.first_name + " " + User.last_name).ilike(pattern))
    users = list(db.session.scalars(found))
    kept = users[: page.limit]
    return kept, kept[-1].number if len(users) > page.limit else None


def lock_user(user_id: UUID) -> User | None:
    """The account, held until the request's transaction ends."""
    return db.session.get(User, user_id, with_for_update=True)


def find_user(user_id: UUID) -> User | None:
    """The account with that id, or None."""
    return db.session.get(User, user_id)


def read_emails(user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The e-mails of the accounts that there are."""
    if not user_ids:
        return {}
    found = db.session.execute(select(User.id, User.email).where(User.id.in_(user_ids)))
    return {row.id: row.email for row in found}
