"""What staff may change of an account, and the list of accounts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from auth.accounts.schemas import UserView
from auth.http.body import Body
from auth.http.paging import Page

Role = Literal["student", "teacher", "librarian", "admin"]


class UserChange(Body):
    """A field that is left out stays. Giving or taking staff, and the role admin, is an admin's right."""

    role: Role = "student"
    is_active: bool = True
    is_staff: bool = False
    email_verified: bool = False
    phone_verified: bool = False
    identity_verified: bool = False
    professional_verified: bool = False


class UserPage(Page):
    """A page of the list of accounts, in the order they came."""

    role: Role | None = None
    q: Annotated[str | None, Field(max_length=100, description="Part of an e-mail or name")] = None


class UserList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[UserView]
    next: int | None
