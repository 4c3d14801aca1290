"""What the account paths take and give."""

from datetime import datetime
from typing import Annotated, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, EmailStr, Field

from auth.accounts.passwords import LONGEST, SHORTEST
from auth.http.body import Body

Data = TypeVar("Data")


def _refuse_named(email: object) -> object:
    """EmailStr would take the address out of `Name <address>`, and nobody could sign in by what they registered."""
    if isinstance(email, str) and "<" in email:
        raise ValueError("must be an e-mail address and nothing else")
    return email


Email = Annotated[EmailStr, Field(max_length=254), BeforeValidator(_refuse_named)]
GivenPassword = Annotated[str, Field(min_length=1, max_length=LONGEST)]
NewPassword = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]
Name = Annotated[str, Field(max_length=150)]
Phone = Annotated[str, Field(max_length=20, pattern=r"^[0-9+()./ -]*$")]
Token = Annotated[str, Field(min_length=1, max_length=4096)]


class Credentials(Body):
    """An e-mail with the password that is claimed to be its own."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: GivenPassword


class SimpleRegistration(Body):
    """A new account, by its e-mail alone."""

    email: Email
    password: NewPassword


class Registration(SimpleRegistration):
    """A new account of a person with a name."""

    first_name: Name
    last_name: Name
    phone: Phone = ""


class RefreshToken(Body):
    """The refresh token of a family."""

    refresh: Token


class Profile(Body):
    """What a person may change of themselves; a field that is left out stays."""

    first_name: Name = ""
    last_name: Name = ""
    phone: Phone = ""


class PasswordChange(Body):
    """The password there is and the one there shall be."""

    current: GivenPassword
    new: NewPassword


class EmailVerification(Body):
    """Nothing, to be sent a mail; the token of that mail, to confirm the address."""

    may_be_absent: ClassVar[bool] = True

    token: Token | None = None


class ForgottenPassword(Body):
    """Whose password is forgotten."""

    email: Annotated[str, Field(min_length=1, max_length=254)]


class PasswordReset(Body):
    """The token of the mail, and the new password."""

    token: Token
    new: NewPassword


class Message(BaseModel):
    """Only words."""

    message: str


class LoginAnswer(BaseModel):
    """A bearer token that cannot be refreshed."""

    message: str
    token: str


class VerifyAnswer(BaseModel):
    """Whose token it is."""

    message: str
    email: str


class TokenPair(BaseModel):
    """A short-lived bearer token and what gets the next one."""

    access: str
    refresh: str


class UserView(BaseModel):
    """An account as it is shown: everything but the password's hash."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    phone: str
    first_name: str
    last_name: str
    full_name: str
    role: str
    is_active: bool
    is_staff: bool
    is_superuser: bool
    email_verified: bool
    phone_verified: bool
    identity_verified: bool
    professional_verified: bool
    last_login_at: datetime | None
    last_login_ip: str | None
    created_at: datetime
    updated_at: datetime


class SignedIn(BaseModel):
    """Who has signed in, and with what they go on."""

    user: UserView
    tokens: TokenPair


class MailAccepted(BaseModel):
    """How far the mail has come: `queued`, or with `?wait=` also `sent` or `failed`."""

    status: str


class Answer(BaseModel, Generic[Data]):
    """The form of every answer under /api/v1."""

    success: bool
    message: str
    data: Data
