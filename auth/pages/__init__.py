"""Pages for people: the first page, the API's description, staff's sign-in and mailbox."""
