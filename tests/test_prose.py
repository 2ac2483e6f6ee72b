"""What people read is plain: short sentences, and the words of the glossary.

``python -m tests.test_prose`` prints every violation. ``--allow`` writes those that remain to
``prose_allowed.txt``, a list that may only get shorter: an entry that is mended must go.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
ALLOWED = Path(__file__).parent / "prose_allowed.txt"
MOST_WORDS = 35
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md")
GENERATED = ("kill-matrix.md", "coverage.md")
ADMONITIONS = ("{note}", "{tip}", "{important}", "{warning}")
SQL = ("SELECT", "INSERT", "CREATE", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Passage:
    """A paragraph, a cell of a table or a message, and where it stands."""

    place: str
    text: str
    names_old_words: bool = False


def documents() -> Iterator[Passage]:
    """The paragraphs of every page that is written by hand."""
    written = [page for page in (ROOT / "docs").rglob("*.md") if page.name not in GENERATED]
    for page in [*(ROOT / name for name in PAGES), *sorted(written)]:
        if page.is_file() and "_generated" not in page.parts:
            yield from in_markdown(page.read_text(encoding="utf-8"), str(page.relative_to(ROOT)))


def in_markdown(text: str, name: str, first_line: int = 1) -> Iterator[Passage]:
    """The passages of a Markdown text. Code blocks are left out; a code span is one word."""
    heading = ""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for before, token in zip([tokens[0], *tokens], tokens, strict=False):
        line = first_line + (token.map[0] if token.map else 0)
        if token.type == "fence" and token.info.split(" ")[0] in ADMONITIONS:
            yield from in_markdown(token.content, name, line + 1)
        if token.type == "inline":
            heading = token.content if before.type == "heading_open" else heading
            old_words = heading == "Glossary"
            yield Passage(f"{name}:{line}", _plain(token), names_old_words=old_words)


def _plain(token: Token) -> str:
    """The words of an inline token: links as their text, code spans in their marks."""
    parts = []
    for child in token.children or ():
        if child.type == "code_inline":
            parts.append("`" + child.content.replace(" ", "_") + "`")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "text":
            parts.append(child.content)
    return "".join(parts)


def clauses() -> Iterator[Passage]:
    """The texts of the ledger, and the descriptions that the schemas of the files give."""
    for path in sorted((ROOT / "spec" / "clauses").glob("*.yaml")):
        ledger = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield Passage(path.name, ledger["title"])
        for clause in ledger["clauses"]:
            for member in ("text", "because", "uncovered"):
                if member in clause:
                    yield Passage(f"{path.name}: {clause['id']}", clause[member])
    for path in sorted((ROOT / "spec" / "meta").glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        yield from (Passage(path.name, text) for text in _descriptions(schema))


def _descriptions(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("description"), str):
            yield schema["description"]
        for value in schema.values():
            yield from _descriptions(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _descriptions(value)


def messages() -> Iterator[Passage]:
    """The texts of the package that may reach a person.

    Any string literal with a space in it is taken for one, SQL aside. Docstrings speak to
    developers, except those of commands: click prints them as help.
    """
    for path in sorted((ROOT / "conformance").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        yield from in_code(path.read_text(encoding="utf-8"), name)
    for path in sorted((ROOT / "conformance").rglob("*.j2")):
        name = str(path.relative_to(ROOT))
        yield from in_template(path.read_text(encoding="utf-8"), name)


def in_code(source: str, name: str) -> Iterator[Passage]:
    """The messages of a module: literals line by line, the help of commands by paragraph."""
    tree = ast.parse(source)
    inner = {id(node) for node in _parts_of_others(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _is_command(node):
            for paragraph in _help_of(node):
                yield Passage(f"{name}:{node.lineno}", paragraph)
        text = None if id(node) in inner else _literal(node)
        if text and not text.strip().startswith(SQL):
            for line in text.splitlines():
                yield Passage(f"{name}:{getattr(node, 'lineno', 0)}", line.strip("# "))


def _parts_of_others(tree: ast.AST) -> Iterator[ast.AST]:
    """Literals that are no message by themselves: docstrings, and the parts of an f-string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))


def _is_command(function: ast.FunctionDef) -> bool:
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any(re.search(r"\.(command|group)\b", decorator) for decorator in decorators)


def _help_of(command: ast.FunctionDef) -> list[str]:
    """The paragraphs of the help of a command, each in one line."""
    text = inspect.cleandoc(ast.get_docstring(command) or "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _literal(node: ast.AST) -> str | None:
    """The text of a string with a space in it; what an f-string fills in is one word."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if " " in node.value else None
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
        text = "".join(str(part) for part in parts)
        return text if " " in text else None
    return None


def in_template(source: str, name: str) -> Iterator[Passage]:
    """The texts between the tags of a template; what it fills in is one word."""
    text = re.sub(r"\{%.*?%\}|\{#.*?#\}|<style>.*?</style>", "\n\n", source, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", "{}", text, flags=re.DOTALL)
    for piece in re.split(r"</?(?:p|li|td|th|h\d|dt|dd|summary|div|section)\b[^>]*>|\n\n", text):
        yield Passage(name, " ".join(re.sub(r"<[^>]*>", "", piece).split()))


def sentences(text: str) -> list[str]:
    """A passage cut after full stops, exclamation and question marks."""
    return re.split(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.!?])[\"”)]*\s+", text.strip())


def words(sentence: str) -> list[str]:
    """The words of a sentence: what has a letter or a digit in it, between white space."""
    return [word for word in sentence.split() if re.search(r"\w|\{\}", word)]


def banned_words() -> list[str]:
    """The words that the glossary says its own words replace."""
    text = GLOSSARY.read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]*) \|$", text, re.MULTILINE)
    return [word.strip() for row in rows[1:] for word in row.split(",") if word.strip()]


def is_banned(word: str, text: str) -> bool:
    """Whether a text has a banned word. One in code marks is banned as a name in code only."""
    if word.startswith("`"):
        return word in text
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) is not None


def violations(passages: Iterable[Passage]) -> list[str]:
    """Every sentence that is too long and every banned word, a line each: what, where, the text."""
    banned = banned_words()
    any_banned = re.compile("|".join(re.escape(word) for word in banned), re.IGNORECASE)
    found = []
    for passage in passages:
        for sentence in sentences(passage.text):
            count = len(words(sentence))
            if count > MOST_WORDS:
                found.append(f"{count} words: {sentence}\n    {passage.place}")
            if any_banned.search(sentence) and not passage.names_old_words:
                names = [word for word in banned if is_banned(word, sentence)]
                found += [f"not {name}: {sentence}\n    {passage.place}" for name in names]
    return list(dict.fromkeys(found))


@cache
def everything() -> tuple[str, ...]:
    """The violations of all that is checked."""
    return tuple(violations([*documents(), *clauses(), *messages()]))


def what(violation: str) -> str:
    """A violation without its place, which moves."""
    return violation.partition("\n")[0]


def allowed() -> set[str]:
    """The violations that are still let pass."""
    return set(ALLOWED.read_text(encoding="utf-8").splitlines()) if ALLOWED.is_file() else set()


def test_sentences_are_short_and_words_are_those_of_the_glossary() -> None:
    """Sentences of docs, clauses and messages have at most 35 words, and none that was replaced."""
    new = [violation for violation in everything() if what(violation) not in allowed()]

    assert not new, "\n".join(["", *new])


def test_the_list_of_allowed_sentences_gets_shorter() -> None:
    """An allowed sentence that is mended must leave the list."""
    mended = allowed() - {what(violation) for violation in everything()}

    assert not mended, "\n".join(["", *sorted(mended)])


def test_the_glossary_is_short() -> None:
    """At most 25 terms, each once, with the old words that they replace."""
    text = GLOSSARY.read_text(encoding="utf-8")
    terms = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)

    assert 15 <= len(terms) == len(set(terms)) <= 25
    assert {"stimulus", "firm"} <= set(banned_words())


def test_a_long_sentence_is_found_wherever_it_stands() -> None:
    """In a paragraph, a table, a note, an f-string, the help of a command and a template."""
    long = " ".join(["word"] * (MOST_WORDS + 1))
    code = f'def f():\n    """{long}."""\n    raise Error(f"{long} {{1}}.")\n'
    command = f'@group.command()\ndef f():\n    """Short.\n\n    {long}.\n    """\n'

    assert len(violations(in_markdown(f"Short one. {long}.", "page"))) == 1
    assert len(violations(in_markdown(f"| a |\n|---|\n| {long} |", "page"))) == 1
    assert len(violations(in_markdown(f"```{{note}}\n{long}\n```", "page"))) == 1
    assert len(violations(in_code(code, "module"))) == 1
    assert len(violations(in_code(command, "module"))) == 1
    assert len(violations(in_template(f"<p>{long}</p>", "page"))) == 1


def test_code_is_not_prose() -> None:
    """Code blocks, SQL and docstrings of functions are left out; a code span counts as one word."""
    long = " ".join(["word"] * (MOST_WORDS + 1))

    assert not violations(in_markdown(f"```sh\n{long}\n```\n\nSee `{long}`.", "page"))
    assert not violations(in_code(f'run("SELECT {long}")', "module"))
    assert not violations(in_code(f'def f():\n    """{long}."""\n', "module"))


def test_a_banned_word_is_found_whole() -> None:
    """A word within another one is none, and a name in code is banned in code only."""
    assert is_banned("firm", "a firm answer")
    assert not is_banned("firm", "confirm it")
    assert is_banned("`Proof`", "yields `Proof`")
    assert not is_banned("`Proof`", "a proof of payment")


if __name__ == "__main__":
    remaining = everything()
    if "--allow" in sys.argv:
        texts = sorted({what(violation) for violation in remaining})
        ALLOWED.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    print("\n".join([*remaining, f"{len(remaining)} violations"]))
