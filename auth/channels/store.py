"""All database work of channels. A channel's URL goes in and never comes out."""

from typing import Any

from auth.audit import store as audit
from auth.audit.changes import HIDDEN, changes_between
from auth.channels.schemas import ChannelChange, ChannelView, MessageView, NewChannel
from auth.database import run_alone, run_within
from auth.http.problems import Problem, bad_fields
from auth.sign_in import Caller
from common.addresses import Allowed
from common.channel_urls import fault_of, shown
from sql.statements import load

statements = load("channels")
notifications = load("notifications")

SUBJECT = "channel"


def list_channels() -> list[ChannelView]:
    """Every channel, by name."""
    return [_view(row) for row in run_alone(statements.list_channels, id=None)]


def find_channel(channel_id: int) -> ChannelView:
    """One channel. Raises Problem 404."""
    rows = run_alone(statements.list_channels, id=channel_id)
    if not rows:
        raise _missing()
    return _view(rows[0])


def list_messages(channel_id: int | None, most: int) -> list[MessageView]:
    """The newest messages, of one channel or of all."""
    rows = run_alone(statements.list_notifications, channel_id=channel_id, most=most)
    return [MessageView(**dict(zip(MessageView.model_fields, row, strict=True))) for row in rows]


def add_channel(caller: Caller, new: NewChannel, allowed: Allowed) -> int:
    """A new channel; its id. Raises Problem 422 for a URL that may not be called."""
    _demand_url(new.url, allowed)
    values = {**new.model_dump(), "shown": shown(new.url)}
    channel_id: int = run_within(statements.add_channel, **values)[0][0]
    audit.record(caller, "channel.created", SUBJECT, channel_id, changes_between(None, values, secret={"url"}))
    return channel_id


def change_channel(caller: Caller, channel_id: int, change: ChannelChange, allowed: Allowed) -> None:
    """Put what `change` names into a channel. Raises Problem 404, 422."""
    named = change.model_dump(exclude_unset=True)
    url = named.pop("url", None)
    before = _hold(channel_id)
    after = {**before, **named}
    changes = changes_between(before, after)
    if url:
        _demand_url(url, allowed)
        run_within(statements.change_channel_url, id=channel_id, url=url, shown=shown(url))
        changes["url"] = [HIDDEN, HIDDEN]
    run_within(
        statements.change_channel,
        id=channel_id,
        name=after["name"],
        kinds=after["kinds"],
        is_enabled=after["is_enabled"],
    )
    if changes:
        audit.record(caller, "channel.changed", SUBJECT, channel_id, changes)


def delete_channel(caller: Caller, channel_id: int) -> str:
    """Take a channel away; its name. Raises Problem 404."""
    before = _hold(channel_id)
    run_within(statements.delete_channel, id=channel_id)
    audit.record(caller, "channel.deleted", SUBJECT, channel_id, changes_between(before, None))
    name: str = before["name"]
    return name


def queue_test(caller: Caller, channel_id: int) -> str:
    """A message that only tests the way to a channel, from whoever asked; the channel's name. Raises Problem 404."""
    name: str = _hold(channel_id)["name"]
    run_within(notifications.queue_test_notification, channel_id=channel_id)
    audit.record(caller, "channel.tested", SUBJECT, channel_id, {})
    return name


def _hold(channel_id: int) -> dict[str, Any]:
    rows = run_within(statements.hold_channel, id=channel_id)
    if not rows:
        raise _missing()
    return dict(zip(("name", "shown", "kinds", "is_enabled"), rows[0], strict=True))


def _view(row: tuple[Any, ...]) -> ChannelView:
    return ChannelView(**dict(zip(ChannelView.model_fields, row, strict=True)))


def _demand_url(url: str, allowed: Allowed) -> None:
    if fault := fault_of(url, allowed):
        raise bad_fields({"url": [fault]})


def _missing() -> Problem:
    return Problem(404, "There is no such channel")
