"""Tries a running Watchhouse from outside, step by step, with nothing but the standard library.

    python test_auth.py [URL]        (default http://localhost:5000)

Makes one account and one resource of its own, which it deletes again. The exit status is 0 when every step passed.
"""

import json
import secrets
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

DEFAULT_URL = "http://localhost:5000"
ANSWER_SECONDS = 15


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str

    def json(self) -> Any:
        """The body, read as JSON; empty when it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return {}


@dataclass
class Trial:
    """One run against one service; `failed` counts the steps that went wrong."""

    url: str
    token: str = ""
    passed: int = 0
    failed: int = 0
    email: str = field(default_factory=lambda: f"trial-{secrets.token_hex(6)}@example.com")
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        """One request; an error status is an answer like any other."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode())

    def check(self, step: str, answer: Answer, status: int, *expected: bool) -> None:
        """Tell whether `answer` has the status, and whether all that is expected of it holds."""
        is_right = answer.status == status and all(expected)
        self.passed, self.failed = self.passed + is_right, self.failed + (not is_right)
        print(
            f"{'ok  ' if is_right else 'FAIL'}  {step}" + ("" if is_right else f": {answer.status} {answer.text[:300]}")
        )


def try_registration(trial: Trial) -> None:
    """An account is made once."""
    account = {"email": trial.email, "password": trial.password}
    answer = trial.call("POST", "/register", account)
    trial.check("register a new account", answer, 201, answer.json() == {"message": "User registered successfully"})
    trial.check("refuse the same e-mail again", trial.call("POST", "/register", account), 409)
    answer = trial.call("POST", "/register", {"email": "nobody", "password": "x"})
    trial.check("name the wrong fields", answer, 422, set(answer.json().get("errors", {})) == {"email", "password"})


def try_sign_in(trial: Trial) -> None:
    """A wrong password opens nothing, the right one gives a token."""
    answer = trial.call("POST", "/login", {"email": trial.email, "password": "not " + trial.password})
    trial.check("refuse a wrong password", answer, 401, answer.json().get("message") == "Invalid email or password")
    answer = trial.call("POST", "/login", {"email": trial.email, "password": trial.password})
    trial.check("sign in", answer, 200, answer.json().get("message") == "Login successful")
    trial.token = answer.json().get("token", "")


def try_token(trial: Trial) -> None:
    """A token is good only as it was given."""
    answer = trial.call("GET", "/verify", token=trial.token)
    trial.check("verify the token", answer, 200, answer.json() == {"message": "Token is valid", "email": trial.email})
    trial.check("refuse a missing token", trial.call("GET", "/verify"), 401)
    trial.check("refuse a forged token", trial.call("GET", "/verify", token=trial.token[:-6] + "AAAAAA"), 401)


def try_resources(trial: Trial) -> None:
    """Create, read, update, delete."""
    answer = trial.call("POST", "/actions/create", {"name": "Trial drill", "kind": "tool"}, trial.token)
    resource_id = answer.json().get("id")
    trial.check("create a resource", answer, 201, answer.json().get("message") == "Resource created successfully")
    answer = trial.call("GET", f"/actions/read?id={resource_id}", token=trial.token)
    found = answer.json().get("data", [])
    trial.check("read it", answer, 200, [resource["name"] for resource in found] == ["Trial drill"])
    change = {"id": resource_id, "name": "Trial saw"}
    answer = trial.call("POST", "/actions/update", change, trial.token)
    trial.check(
        "update it", answer, 200, answer.json() == {"message": "Resource updated successfully", "id": resource_id}
    )
    answer = trial.call("GET", f"/actions/read?id={resource_id}", token=trial.token)
    trial.check(
        "read the change", answer, 200, [resource["name"] for resource in answer.json()["data"]] == ["Trial saw"]
    )
    answer = trial.call("DELETE", "/actions/delete", {"id": resource_id}, trial.token)
    trial.check(
        "delete it", answer, 200, answer.json() == {"message": "Resource deleted successfully", "id": resource_id}
    )
    answer = trial.call("DELETE", "/actions/delete", {"id": resource_id}, trial.token)
    trial.check("find it gone", answer, 404)
    trial.check("refuse who is not signed in", trial.call("GET", "/actions/read?limit=1"), 401)


def try_metrics(trial: Trial) -> None:
    """What was done above is counted exactly."""
    answer = trial.call("GET", "/metrics")
    counts = {"create": 1, "read": 2, "update": 1, "delete": 1}
    lines = answer.text.splitlines()
    for action, count in counts.items():
        line = f'user_actions_total{{action="{action}",user="{trial.email}"}} {count}'
        trial.check(f"count {count} {action}", answer, 200, line in lines)
    trial.check("measure requests", answer, 200, "flask_http_request_duration_seconds_bucket" in answer.text)


def main(url: str) -> int:
    """Try everything; 0 when all of it passed, 1 when a step failed, 2 when nobody answers."""
    trial = Trial(url.rstrip("/"))
    print(f"Trying {trial.url} as {trial.email}")
    try:
        for attempt in (try_registration, try_sign_in, try_token, try_resources, try_metrics):
            attempt(trial)
    except OSError as error:
        print(f"FAIL  {trial.url} cannot be reached: {error}")
        return 2
    print(f"{trial.passed} passed, {trial.failed} failed")
    return 1 if trial.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_URL))
