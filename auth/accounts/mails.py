"""The mails that accounts cause, in words. What is sent once and how is the collector's affair."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mail:
    """A mail without its recipient."""

    subject: str
    body: str


def confirm_address(token: str, public_url: str) -> Mail:
    """Asks the owner of an address to confirm it."""
    return Mail(
        "Confirm your e-mail address",
        f"""Someone, probably you, asked Watchhouse to confirm this e-mail address.

Your token, good for one use within 24 hours:

    {token}

To confirm the address, send it to {public_url}/api/v1/auth/email/verify/ as

    {{"token": "{token}"}}

If it was not you, ignore this mail: nothing happens without the token.
""",
    )


def reset_password(token: str, public_url: str) -> Mail:
    """Gives the owner of an account a way back in."""
    return Mail(
        "Choose a new password",
        f"""Someone, probably you, told Watchhouse that your password is forgotten.

Your token, good for one use within 30 minutes:

    {token}

To choose a new password, send it to {public_url}/api/v1/auth/password/reset/ as

    {{"token": "{token}", "new": "your new password"}}

If it was not you, ignore this mail: your password stays as it is.
""",
    )
