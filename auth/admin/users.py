"""/admin/users/: people, their roles and rights; by the same rules as the API."""

from typing import Annotated, Any, get_args
from uuid import UUID

from flask import Response

from auth.admin.filters import EMPTY, Part
from auth.admin.staff import Room, room_page
from auth.http.body import check
from auth.http.problems import Problem
from auth.pages.room import Done, PageForm, demand_unchanged
from auth.sign_in import Caller
from auth.users import store
from auth.users.changing import change_rights
from auth.users.schemas import Role, UserChange, UserPage
from sql.models import User

routes = Room()

HERE = "/admin/users/"
FLAGS = {
    "is_active": "Active",
    "is_staff": "Staff",
    "email_verified": "E-mail verified",
    "phone_verified": "Phone verified",
    "identity_verified": "Identity verified",
    "professional_verified": "Profession verified",
}


class UserFilter(UserPage):
    """What narrows the list."""

    role: Annotated[Role | None, EMPTY] = None
    q: Part = None


class UserForm(PageForm):
    """What staff may change of an account."""

    role: str = ""
    is_active: str = ""
    is_staff: str = ""
    email_verified: str = ""
    phone_verified: str = ""
    identity_verified: str = ""
    professional_verified: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's model."""
        return {"role": self.role, **{flag: bool(getattr(self, flag)) for flag in FLAGS}}


@routes.show(HERE, query=UserFilter)
def show_users(caller: Caller, query: UserFilter) -> Any:
    """The accounts, in the order they came."""
    users, following = store.list_users(query)
    return room_page("users.html", caller, users=users, next=following, filter=query, roles=get_args(Role))


@routes.show(HERE + "<uuid:user_id>/", problems=(404,))
def show_user(caller: Caller, user_id: UUID) -> Any:
    """One account, to be changed."""
    return _show_user(caller, _form_of(_find(user_id)), user_id)


def _show_user(caller: Caller, body: UserForm, user_id: UUID, refused: Problem | None = None) -> Response:
    return room_page(
        "user.html",
        caller,
        refused,
        form=body,
        user=_find(user_id),
        flags=FLAGS,
        roles=[(role, role) for role in get_args(Role)],
    )


@routes.act(HERE + "<uuid:user_id>/", body=UserForm, again=_show_user)
def change_user_by_form(caller: Caller, user_id: UUID, body: UserForm) -> Any:
    """Change an account; what the form leaves as it was is no change, so that a role may bring its rights along."""
    user = _find(user_id)
    demand_unchanged(body, _form_of(user))
    wanted = check(UserChange, body.values).model_dump()
    changes = {name: value for name, value in wanted.items() if value != getattr(user, name)}
    if not changes:
        return Done(f"{HERE}{user_id}/", "Nothing was changed.")
    return Done(f"{HERE}{user_id}/", f"{change_rights(caller, user_id, changes).email} is saved.")


def _form_of(user: User) -> UserForm:
    return UserForm(role=user.role, **{flag: "on" if getattr(user, flag) else "" for flag in FLAGS})


def _find(user_id: UUID) -> User:
    user = store.find_user(user_id)
    if user is None:
        raise Problem(404, "There is no such user")
    return user
