"""The normal form of code: code without chosen names, comments and spacing.

Code is only split into words, never parsed, imported or run: it may be broken, endless, nested too deeply for
a parser, or written to break one.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from autograder.plain.untrusted_files import sha256_of

# Longer cells, and cells after this total in one notebook, are compared without normalising.
MOST_CHARACTERS, MOST_CHARACTERS_IN_ALL = 100_000, 500_000

# A statement as its words; each leading word ">" is one level of indentation.
Statement = tuple[str, ...]

_WORD = re.compile(r"[^\W\d]\w*|\d[\w.]*|[^\w\s]")
_STRING = re.compile(r"[A-Za-z]{0,2}(?P<quote>'''|\"\"\"|'|\")(?P<text>.*)(?P=quote)", re.DOTALL)
_NOTHING = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "@=", "&=", "|=", "^=", ">>=", "<<="}


@dataclass(frozen=True)
class NormalForm:
    """A cell in its normal form: a digest, and how many of its words were not given to students.

    Attributes:
        digest: equal for equal normal forms.
        own_words: words in statements that are not in the released notebook.
    """

    digest: str
    own_words: int


class Normaliser:
    """Converts notebook cells to their normal form; it knows the code that all students were given."""

    def __init__(self, given: Iterable[str]) -> None:
        statements = [one for code in given for one in statements_of(code)]
        self._given = frozenset(statements)
        # these names mean the same in every notebook
        self._public = frozenset(word for one in statements for word in one if _is_name(word))

    def __call__(self, cells: Sequence[str]) -> list[NormalForm]:
        """Return the normal form of every code cell of one notebook."""
        lengths = accumulate(map(len, cells))
        notebook = [
            statements_of(code) if so_far <= MOST_CHARACTERS_IN_ALL else _as_it_stands(code)
            for code, so_far in zip(cells, lengths, strict=True)
        ]
        chosen = {name for cell in notebook for one in cell for name in _bound(one)} - self._public
        return [self._form(cell, chosen) for cell in notebook]

    def _form(self, cell: list[Statement], chosen: set[str]) -> NormalForm:
        here = {name for one in cell for name in _bound(one)}
        numbers: dict[str, int] = {}
        digest = hashlib.sha256()
        for statement in cell:
            for word in _renamed(statement, (chosen, here), numbers):
                digest.update(word.encode(errors="backslashreplace") + b"\0")
            digest.update(b"\n")
        own = sum(len(one) for one in cell if one not in self._given)
        return NormalForm(digest.hexdigest(), own)


def statements_of(code: str) -> list[Statement]:
    """Split a cell into statements, and these into words."""
    if len(code) > MOST_CHARACTERS:
        return _as_it_stands(code)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):  # broken code, or notebook commands
        lines = (_WORD.findall(line.partition("#")[0]) for line in code.splitlines())
        return [tuple(words) for words in lines if words]
    return list(_statements_of_tokens(tokens))


def _as_it_stands(code: str) -> list[Statement]:
    """Return code that is not analysed as one statement, equal only to itself."""
    words = code.split(maxsplit=1000)[:1000]
    return [(sha256_of([code.encode(errors="backslashreplace")]), *words)] if words else []


def _statements_of_tokens(tokens: list[tokenize.TokenInfo]) -> Iterator[Statement]:
    depth = 0
    words: list[str] = []
    for token in tokens:
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif token.type == tokenize.NEWLINE or token.string == ";":
            if words:
                yield (*">" * depth, *words)
            words = []
        elif token.type not in _NOTHING:
            if token.string in _CLOSING and words and words[-1] == ",":
                words[-1:] = []  # a comma before a bracket is only layout (or, rarely, a tuple)
            words.append(_word(token))
    if words:
        yield (*">" * depth, *words)


def _word(token: tokenize.TokenInfo) -> str:
    """Return a token as a word; the kind of quotes and the notation of numbers make no difference."""
    kind = tokenize.tok_name[token.type]
    if kind == "STRING" and (found := _STRING.fullmatch(token.string)):
        return f"'{found['text']}"
    if kind == "FSTRING_MIDDLE":  # Python 3.12 and later split formatted strings into pieces
        return f"'{token.string}"
    if kind.startswith("FSTRING"):
        return "'"
    if kind == "NUMBER":
        try:
            return repr(float(token.string))
        except (ValueError, OverflowError):
            return token.string
    return token.string


def _bound(statement: Statement) -> Iterator[str]:
    """Yield the names that a statement binds, as far as its words show."""
    words = [word for word in statement if word != ">"] or [""]
    yield from _assigned(words)
    is_import = words[0] in {"import", "from"}
    is_target = False  # between "for" and "in", or in the parameter list
    is_definition = "def" in words[:2]
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if word in {"for", "lambda"} or (is_definition and word == "("):
            is_target = True
        elif word in {"in", ":"} or (is_definition and word in {")", "->"}):
            is_target = False
        elif _is_name(word) and (
            (is_target and before in {"for", "lambda", ",", "(", "*", "**"})
            or before in {"def", "class"}
            or (before == "as" and not is_import)
            or after == ":="
        ):
            yield word


def _assigned(words: list[str]) -> Iterator[str]:
    """Yield the names to the left of an assignment."""
    depth, last = 0, 0
    for place, word in enumerate(words):
        depth += (word in _OPENING) - (word in _CLOSING)
        if depth == 0 and word in _ASSIGNMENTS:
            last = place
    for place in range(last):
        is_whole = place == 0 or words[place - 1] != "."
        ends = words[place + 1] in _ASSIGNMENTS or words[place + 1] in {",", ")", "]", ":"}
        if is_whole and ends and _is_name(words[place]):
            yield words[place]


def _renamed(
    statement: Statement, chosen: tuple[set[str], set[str]], numbers: dict[str, int]
) -> Iterator[str]:
    """Yield the words of a statement, with chosen names replaced by numbers in order of first use."""
    depth = 0
    is_definition = "def" in statement
    for place, word in enumerate(statement):
        depth += (word in _OPENING) - (word in _CLOSING)
        is_attribute = place > 0 and statement[place - 1] == "."
        is_keyword = depth > 0 and statement[place + 1 : place + 2] == ("=",) and not is_definition
        if any(word in names for names in chosen) and not is_attribute and not is_keyword:
            yield f"name {numbers.setdefault(word, len(numbers))}"
        else:
            yield word


def _is_name(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)
