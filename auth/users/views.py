"""/api/v1/users/: staff administers people."""

from typing import Any
from uuid import UUID

from auth.accounts.schemas import Answer, UserView
from auth.http.body import named_changes
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, envelope
from auth.sign_in import Caller
from auth.users import store
from auth.users.changing import change_rights
from auth.users.schemas import UserChange, UserList, UserPage

routes = Routes("users")


@routes.add("GET", "/api/v1/users/", sign_in=SignIn.STAFF, query=UserPage, answers={200: Answer[UserList]})
def list_users(query: UserPage) -> Any:
    """The accounts, a page at a time."""
    users, following = store.list_users(query)
    return envelope(
        "Users retrieved", UserList(items=[UserView.model_validate(user) for user in users], next=following)
    )


@routes.add("GET", "/api/v1/users/<uuid:user_id>/", sign_in=SignIn.STAFF, answers={200: Answer[UserView]})
def read_user(user_id: UUID) -> Any:
    """One account."""
    user = store.find_user(user_id)
    if user is None:
        raise Problem(404, "There is no such user")
    return envelope("User retrieved", UserView.model_validate(user))


@routes.add(
    "PATCH", "/api/v1/users/<uuid:user_id>/", sign_in=SignIn.STAFF, body=UserChange, answers={200: Answer[UserView]}
)
def change_user_rights(user_id: UUID, caller: Caller, body: UserChange) -> Any:
    """Change an account's role, rights and verifications; a disabled one's tokens stop at once."""
    return envelope("User updated", UserView.model_validate(change_rights(caller, user_id, named_changes(body))))
