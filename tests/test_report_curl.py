"""The curl line of a request: curl gets the request, and the shell gets nothing to run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from conformance.base.text import clean
from conformance.model import Body, Request
from conformance.report.curl import BODY_AND_HEADERS, curl, variable
from tests import report_example as example

STUB = """#!/bin/sh
[ "$#" -eq 0 ] || printf '%s\\0' "$@"
case " $* " in *" @- "*) printf 'stdin:'; cat ;; esac
"""
NASTY = [
    "plain",
    "$(touch owned) `touch owned` ${HOME} $KEY",
    "'; touch owned; '",
    '" ; touch owned ; "',
    "a\nb\r\ttouch owned",
    "\x1b[31m \u202e \u200b é 日本 !! !touch \\' \\\\ \\",
    "@/etc/passwd",
    "-o owned",
    "{key:full} $(touch owned) \"'\\ !x\n",
    "{key:a$(touch owned)b} {key:full",
    "{key:full}x{key:full~last-char}[0]",
    example.HOSTILE.replace("\0", ""),
]


def shell(line: str, directory: Path) -> bytes:
    """What curl would be given by a line of bash, each argument ended by NUL."""
    bin_dir = directory / "bin"
    bin_dir.mkdir(exist_ok=True)
    (bin_dir / "curl").write_text(STUB)
    (bin_dir / "curl").chmod(0o755)
    env = {
        "PATH": f"{bin_dir}:{os.environ['PATH']}",
        "KEY_FULL": "s e*cret",
        "KEY_FULL_LAST_CHAR": "near",
        "LC_ALL": "C.UTF-8",
    }
    work = directory / "work"
    work.mkdir(exist_ok=True)
    encoded = os.fsencode(line)
    done = subprocess.run(
        ["bash", "-c", encoded], capture_output=True, cwd=work, env=env, check=True, timeout=20
    )
    assert list(work.iterdir()) == []
    assert done.stderr == b""
    return done.stdout


def filled(text: str) -> bytes:
    """The text with the secrets of the environment in it, as bytes."""
    return (
        text.replace("{key:full}", "s e*cret")
        .replace("{key:full~last-char}", "near")
        .encode("utf-8", "surrogatepass")
    )


@pytest.mark.parametrize("text", NASTY)
def test_curl_gets_the_text_and_the_shell_gets_nothing(text: str, tmp_path: Path) -> None:
    """URL and body arrive as they are, nothing in them is run, and the line is inert."""
    request = Request(
        "POST", f"https://a.test/x?q={text}", (("X-Key", "{key:full}"),), Body(text, size=len(text))
    )
    line = curl(request)
    assert clean(line) == line
    arguments = shell(line, tmp_path).split(b"\0")
    assert arguments[arguments.index(b"--data-raw") + 1] == filled(text)
    assert arguments[-2] == b"https://a.test/x?q=" + filled(text)
    assert b"X-Key: s e*cret" in arguments


@pytest.mark.parametrize("text", [text for text in NASTY if not re.search("[\r\n]", text)])
def test_curl_gets_headers_as_they_are(text: str, tmp_path: Path) -> None:
    """A header arrives whatever its value."""
    line = curl(Request("GET", "https://a.test/", (("X-Odd", text),)))
    assert filled(f"X-Odd: {text}") in shell(line, tmp_path).split(b"\0")


def test_curl_pipes_bytes(tmp_path: Path) -> None:
    """A body that is not text goes through base64 and arrives byte for byte."""
    body = example.bodies()[3]
    assert shell(curl(Request("PUT", "https://a.test/", (), body)), tmp_path).endswith(
        b"stdin:" + bytes(range(256)) * 40
    )
    nul = curl(Request("PUT", "https://a.test/", (), Body("a\0b", size=3)))
    assert shell(nul, tmp_path).endswith(b"stdin:a\0b")


@pytest.mark.parametrize("char", ["x", "[", "{"])
def test_curl_gets_a_body_of_a_megabyte(char: str, tmp_path: Path) -> None:
    """A character that is repeated is printed by a command, for no line of a shell may be so long.

    What stands around it is inert, too.
    """
    text = f'{{"text": "\'; touch owned; {char * 1_050_000} $(touch owned) {char * 2_000}"}}'
    line = curl(Request("POST", "http://h/", body=Body(text=text, size=len(text))))
    assert len(line) < 500
    assert shell(line, tmp_path).partition(b"stdin:")[2] == text.encode()


def test_curl_says_what_it_cannot_send(tmp_path: Path) -> None:
    """Headers that would break the request or read a file are left out; a comment says so."""
    request = Request(
        "POST",
        "https://a.test/",
        (("@/etc/passwd", "x"), ("A", "b\r\nC: d")),
        Body(size=5, withheld=True),
    )
    line = curl(request)
    assert line.endswith(
        "# without the body, which was withheld; without 2 headers that curl cannot send"
    )
    assert shell(line, tmp_path).split(b"\0")[:-1] == [
        b"-i",
        b"-X",
        b"POST",
        b"-H",
        b"Content-Type:",
        b"https://a.test/",
    ]


def test_curl_reads_well() -> None:
    """A common request becomes a short line with the key as a variable."""
    request = Request(
        "GET",
        "https://a.test/v1/calls?limit=3",
        (("Authorization", "Bearer {key:full}"), ("Host", "a.test")),
    )
    assert (
        curl(request)
        == """curl -i -H "Authorization: Bearer $KEY_FULL" 'https://a.test/v1/calls?limit=3'"""
    )
    assert variable("{key:full~last-char}") == "KEY_FULL_LAST_CHAR"
    assert variable("{key:scope:calls:read}") == "KEY_SCOPE_CALLS_READ"
    scoped = Request(
        "GET", "http://127.0.0.1/calls", (("Authorization", "Bearer {key:scope:calls:read}"),)
    )
    assert '"Authorization: Bearer $KEY_SCOPE_CALLS_READ"' in curl(scoped)
    assert curl(Request("HEAD", "https://a.test/")) == "curl -i -I https://a.test/"
    assert curl(Request("GET", "https://a.test/"), BODY_AND_HEADERS) == (
        "curl -sS -D /dev/stderr https://a.test/"
    )
