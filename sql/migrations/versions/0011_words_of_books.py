"""A category among a book's words, and none of a book that was withdrawn: a search then looks at no book to judge it.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM book_words w USING books b WHERE b.id = w.book_id AND b.deleted_at IS NOT NULL")
    op.execute(
        "UPDATE book_words w SET words = w.words || array_to_tsvector(ARRAY['=' || b.category])"
        " FROM books b WHERE b.id = w.book_id"
    )
