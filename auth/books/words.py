"""The words by which books are found: what a title, an author and a search have in common. Pure.

The database stores and compares them, and is never asked what a word is.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 200
WORD = re.compile(r"[^\W_]+")
# Letters. So short a beginning is kept as a word of its own: gathering all words that begin with `a` takes the index
# five times as long as looking one up.
SHORT = 2
NARROW = 3
# Letters that Unicode does not take apart, as most keyboards have them.
PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def lexemes_of(*texts: str) -> list[str]:
    """What a book is found by: the words of its texts, and their short beginnings."""
    words = list(_words_of(*texts))
    return sorted({*words, *(word[:length] for word in words for length in range(1, SHORT + 1))})


def category_lexeme(category: str) -> str:
    """What stands among a book's words for its category: no search asks for it, since no word has a sign in it."""
    return f"={category}"


def queries_of(text: str, category: str | None = None) -> tuple[str | None, str | None]:
    """Two tsqueries for books that have all words of `text`, each as a beginning: of its longest words, which fewest
    books have, with the category if one is given; and of all others. None where there is no word.

    Words hold letters and digits only, so nothing in them can be an operator; in a category quotes and \\ are doubled.
    """
    words = sorted(dict.fromkeys(_words_of(text)), key=len, reverse=True)
    narrow, others = _all_of(words[:NARROW]), _all_of(words[NARROW:])
    if narrow and category is not None:
        narrow += " & '" + category_lexeme(category).replace("\\", "\\\\").replace("'", "''") + "'"
    return narrow, others


def _all_of(words: list[str]) -> str | None:
    return " & ".join(f"'{word}'" if len(word) <= SHORT else f"'{word}':*" for word in words) or None


def _words_of(*texts: str) -> Iterator[str]:
    """Words in small letters and without accents; case is folded in between, since that may bring accents back."""
    folded = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
    for word in WORD.findall(bare.translate(PLAIN)):
        yield word[:LONGEST_WORD]
