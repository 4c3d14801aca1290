"""The documents say what the code does."""

import re
from pathlib import Path

from tools.env_example import print_all

HOUSE = Path(__file__).parents[2]
DOCUMENTS = [HOUSE / "README.md", *sorted((HOUSE / "docs").rglob("*.md"))]


def test_the_example_environment_lists_every_setting() -> None:
    assert (HOUSE / ".env.example").read_text() == print_all(), "run: python -m tools.env_example > .env.example"


def test_every_file_that_a_document_links_to_is_there() -> None:
    missing = [
        (document.name, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert missing == []


def test_every_make_goal_that_a_document_names_is_there() -> None:
    goals = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(), re.MULTILINE))
    named = {goal for document in DOCUMENTS for goal in re.findall(r"`make ([a-z-]+)`", document.read_text())}
    assert named <= goals


def test_the_makefile_has_ten_goals_at_most() -> None:
    assert len(re.findall(r"^[a-z-]+:", (HOUSE / "Makefile").read_text(), re.MULTILINE)) <= 10


def test_every_decision_is_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in (HOUSE / "docs" / "decisions").glob("*.md")}
    assert lengths
    assert max(lengths.values()) <= 25
