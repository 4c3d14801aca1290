"""The documents say what the code does."""

import re
from pathlib import Path

from sql.models import Base
from tools.env_example import print_all

HOUSE = Path(__file__).parents[2]
DOCUMENTS = [HOUSE / "README.md", *sorted((HOUSE / "docs").rglob("*.md"))]
WRITERS = re.compile(r"^## Who writes what$(.*?)^## ", re.MULTILINE | re.DOTALL)


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


def test_the_readme_leads_to_every_page() -> None:
    linked = re.findall(r"\]\((docs/[^)#]+)", (HOUSE / "README.md").read_text())
    assert {f"docs/{path.name}" for path in (HOUSE / "docs").glob("*.md")} - {*linked} == set()


def test_every_file_that_a_domain_takes_is_there() -> None:
    listed = re.findall(r"`(\w+/[\w/.*-]+)`", (HOUSE / "docs" / "add-a-domain.md").read_text())
    assert [path for path in listed if not list(HOUSE.glob(path))] == []
    assert listed


def test_the_architecture_says_of_every_table_who_writes_it() -> None:
    found = WRITERS.search((HOUSE / "docs" / "architecture.md").read_text())
    assert found
    rows = "\n".join(line.split("|")[1] for line in found[1].splitlines() if line.startswith("|"))
    assert {*re.findall(r"`(\w+)`", rows)} == {*Base.metadata.tables}


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
