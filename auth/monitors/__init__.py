"""The five monitors: the figures of people, books, loans and requests at a glance, cached, for staff."""
