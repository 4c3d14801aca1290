"""Days that pass for what is lent and held: its times, which PostgreSQL wrote by its own clock, are moved back."""

from tests.support.databases import Database

# Rows that somebody changes right then are left out, so it is in nobody's way.
LOANS_AGE = """UPDATE loans SET borrowed_at = borrowed_at - days.passed, due_at = due_at - days.passed
    FROM (SELECT make_interval(days => %s) AS passed) AS days
    WHERE id IN (SELECT id FROM loans WHERE returned_at IS NULL FOR NO KEY UPDATE SKIP LOCKED)"""
HOLDS_AGE = """UPDATE reservations SET ready_at = ready_at - days.passed, ready_until = ready_until - days.passed
    FROM (SELECT make_interval(days => %s) AS passed) AS days
    WHERE id IN (SELECT id FROM reservations WHERE status = 'ready' FOR NO KEY UPDATE SKIP LOCKED)"""


def pass_days(database: Database, days: int) -> None:
    """For all open loans and held copies."""
    for statement in (LOANS_AGE, HOLDS_AGE):
        database.rows(statement, days)
