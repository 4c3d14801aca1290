"""/admin/notifications/: the channels by which people hear of this house, and what was sent through them."""

from typing import Any

from flask import Response
from pydantic import Field

from auth.admin.staff import Room, room_page
from auth.channels import store
from auth.channels.schemas import KINDS, ChannelChange, ChannelView, NewChannel
from auth.house import house
from auth.http.body import check
from auth.http.problems import Problem
from auth.pages.room import Done, PageForm, demand_unchanged
from auth.sign_in import Caller

routes = Room()

HERE = "/admin/notifications/"
MOST_MESSAGES = 50


class ChannelForm(PageForm):
    """A channel. A URL that is left empty stays as it was: nobody is shown it again."""

    name: str = ""
    url: str = ""
    kinds: list[str] = Field(default_factory=list)
    is_enabled: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's models."""
        said = {"name": self.name.strip(), "kinds": self.kinds, "is_enabled": bool(self.is_enabled)}
        return {**said, "url": self.url.strip()} if self.url.strip() else said


class SwitchForm(PageForm):
    """On, or off where it is empty."""

    is_enabled: str = ""


@routes.show(HERE)
def show_channels(caller: Caller) -> Any:
    """The channels, and the newest messages."""
    return room_page(
        "channels.html",
        caller,
        channels=store.list_channels(),
        kinds=KINDS,
        messages=store.list_messages(None, MOST_MESSAGES),
    )


@routes.show(HERE + "new/")
def show_new_channel(caller: Caller) -> Any:
    """The form for a new channel."""
    return _show_new(caller, ChannelForm(kinds=list(KINDS), is_enabled="on"))


def _show_new(caller: Caller, body: ChannelForm, refused: Problem | None = None) -> Response:
    return room_page("channel.html", caller, refused, form=body, kinds=KINDS, channel=None)


@routes.act(HERE + "new/", body=ChannelForm, again=_show_new)
def add_channel_by_form(caller: Caller, body: ChannelForm) -> Any:
    """Add a channel."""
    new = check(NewChannel, body.values)
    store.add_channel(caller, new, house().settings.probe_allow)
    return Done(HERE, f"The channel {new.name} is added. Send a test message to see that it works.")


@routes.show(HERE + "<key:channel_id>/", problems=(404,))
def show_channel(caller: Caller, channel_id: int) -> Any:
    """One channel, to be changed, with its messages."""
    return _show_change(caller, _form_of(store.find_channel(channel_id)), channel_id)


def _form_of(channel: ChannelView) -> ChannelForm:
    return ChannelForm(name=channel.name, kinds=channel.kinds, is_enabled="on" if channel.is_enabled else "")


def _show_change(caller: Caller, body: ChannelForm, channel_id: int, refused: Problem | None = None) -> Response:
    return room_page(
        "channel.html",
        caller,
        refused,
        form=body,
        kinds=KINDS,
        channel=store.find_channel(channel_id),
        messages=store.list_messages(channel_id, MOST_MESSAGES),
    )


@routes.act(HERE + "<key:channel_id>/", body=ChannelForm, again=_show_change)
def change_channel_by_form(caller: Caller, channel_id: int, body: ChannelForm) -> Any:
    """Change a channel."""
    demand_unchanged(body, _form_of(store.find_channel(channel_id)))
    store.change_channel(caller, channel_id, check(ChannelChange, body.values), house().settings.probe_allow)
    return Done(HERE, f"The channel {body.name} is saved.")


@routes.act(HERE + "<key:channel_id>/switch/", body=SwitchForm)
def switch_channel(caller: Caller, channel_id: int, body: SwitchForm) -> Any:
    """Enable or disable a channel."""
    change = ChannelChange(is_enabled=bool(body.is_enabled))
    store.change_channel(caller, channel_id, change, house().settings.probe_allow)
    return Done(HERE, f"The channel is {'enabled' if body.is_enabled else 'disabled'}.")


@routes.act(HERE + "<key:channel_id>/test/")
def test_channel(caller: Caller, channel_id: int) -> Any:
    """Queue a test message for a channel."""
    name = store.queue_test(caller, channel_id)
    return Done(f"{HERE}{channel_id}/", f"A test message to {name} is queued; load this page again to see how it went.")


@routes.show(HERE + "<key:channel_id>/delete/", problems=(404,))
def ask_to_delete_channel(caller: Caller, channel_id: int) -> Any:
    """Whether the channel really shall go."""
    channel = store.find_channel(channel_id)
    return room_page(
        "sure.html",
        caller,
        title=f"Delete the channel {channel.name}?",
        words=f"{channel.queued} waiting messages go with it. Nobody hears of this house through it any more.",
        word="Delete",
        back=HERE,
    )


@routes.act(HERE + "<key:channel_id>/delete/")
def delete_channel_by_form(caller: Caller, channel_id: int) -> Any:
    """Delete a channel."""
    return Done(HERE, f"The channel {store.delete_channel(caller, channel_id)} is deleted.")
