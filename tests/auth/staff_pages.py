"""Staff's pages as a browser without scripts uses them: it follows links and sends the forms that a page holds."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

from tests.support.client import PASSWORD, Api, Person

HTML = {"Accept": "text/html"}
Fields = dict[str, list[str]]


@dataclass
class PageForm:
    """A form with the values that a browser would send."""

    action: str
    method: str
    fields: Fields = field(default_factory=dict)


class FormReader(HTMLParser):
    """The forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(found.get("action", ""), found.get("method", "get")))
        elif tag == "input" and "name" in found:
            if found.get("type") not in {"checkbox", "radio"} or "checked" in found:
                self._keep(found["name"], found.get("value", "on" if "checked" in found else ""))
        elif tag == "textarea":
            self._area = found["name"]
            self._keep(self._area, "")
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and self._select:
            self._choose(self._select, found)

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            values = self.forms[-1].fields[self._area]
            values[-1] = values[-1].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None

    def _keep(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, []).append(value)

    def _choose(self, name: str, option: dict[str, str]) -> None:
        """The first option counts until one is said to be selected. A name that comes often is a row each time."""
        values = self.forms[-1].fields.setdefault(name, [])
        if option.get("value") == "" and "selected" not in option:
            values.append("")
        elif "selected" in option:
            values[-1:] = [option["value"]]
        elif not values:
            values.append(option.get("value", ""))


class Desk:
    """A member of staff, signed in with a browser."""

    entrance = "/admin/login/"

    def __init__(self, api: Api, person: Person | None = None) -> None:
        self.api = api
        self.person = person or api.staff()
        api.client.delete_cookie("watchhouse")
        form = self.form(self.entrance)
        answer = self._send(form, {"username": self.person.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    def see(self, path: str) -> str:
        """A page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def get(self, path: str) -> TestResponse:
        """The answer to whoever follows a link."""
        return self.api.client.get(path, headers=HTML)

    def form(self, path: str, action: str | None = None) -> PageForm:
        """The form on a page that is sent to `action`, by default to the page itself."""
        reader = FormReader()
        reader.feed(self.see(path))
        wanted = action or path
        return next(form for form in reader.forms if form.action == wanted)

    def send(self, path: str, action: str | None = None, **changes: str | list[str]) -> TestResponse:
        """The answer to the form of a page with some of its fields changed."""
        return self._send(self.form(path, action), changes)

    def change(self, path: str, action: str | None = None, **changes: str | list[str]) -> str:
        """The same where it is taken: the text of the page that comes after."""
        answer = self.send(path, action, **changes)
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return self.see(answer.headers["Location"])

    def audited(self) -> Any:
        """The newest entry of the audit log: its action, subject and changes."""
        return self.api.rows("SELECT action, subject_id, changes FROM audit_log ORDER BY id DESC LIMIT 1")[0]

    def _send(self, form: PageForm, changes: dict[str, Any]) -> TestResponse:
        fields: dict[str, Any] = {**form.fields, **changes}
        return self.api.client.post(
            form.action, data={name: value for name, value in fields.items() if value != []}, headers=HTML
        )
