"""Books and their copies: the catalogue, searched by all and written by librarians and staff."""
