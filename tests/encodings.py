"""How a server may spell a key, and what happens to each spelling in the log.

``python -m tests.generated`` writes the table into docs/redaction.md; ``tests/spellings.py`` proves
each row.
"""

from __future__ import annotations

import base64
import bz2
import codecs
import gzip
import hashlib
import html
import io
import json
import lzma
import quopri
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a spelling of a key."""

    OUT = "taken out"
    WITHHELD = "withheld"
    OPEN = "not covered"


class Layers(StrEnum):
    """How many spellings may stand one inside the other, this one among them."""

    ONE = ""
    INNER = "2, inner"
    TWO = "2"
    THREE = "3"


Spell = Callable[[str], str]
Coded = Callable[[str], bytes]


@dataclass(frozen=True)
class Text:
    """A spelling of a key in a text, such as a message or a header."""

    family: str
    name: str
    fate: Fate
    spell: Spell

    @property
    def layers(self) -> Layers:
        """How many layers it may be one of; none of several if it is not covered."""
        if self.fate is Fate.OPEN:
            return Layers.ONE
        return BUT.get((self.family, self.name), LAYERS.get(self.family, Layers.ONE))


@dataclass(frozen=True)
class Whole:
    """A body that holds a key; ``coding`` is its Content-Encoding."""

    name: str
    fate: Fate
    make: Coded
    coding: str = ""


LAYERS = {
    "plain": Layers.INNER,
    "base64": Layers.THREE,
    "hex": Layers.THREE,
    "dump": Layers.INNER,
    "list of numbers": Layers.THREE,
    "escapes": Layers.THREE,
    "other bases": Layers.THREE,
    "signs within the key": Layers.INNER,
    "compressed": Layers.TWO,
}
BUT = {
    # a line may be cut out for itself, and leave the others
    ("base64", "in lines of 76 characters"): Layers.INNER,
    # what other characters touch cannot be read as base32 or base58
    ("other bases", "base32 after other bytes"): Layers.INNER,
    ("other bases", "base58"): Layers.ONE,
    # two layers themselves
    ("base64", "in a JSON Web Token"): Layers.TWO,
    ("escapes", "of JSON twice"): Layers.TWO,
    ("escapes", "percent signs twice"): Layers.INNER,
    ("list of numbers", "JSON of a Uint8Array"): Layers.ONE,
    ("compressed", "gzip of base64 in base64"): Layers.INNER,
    ("compressed", "gzip in base32"): Layers.ONE,
    # entities that it breaks are lost where percent signs are undone, which is done at once
    ("escapes", "quoted printable with soft breaks"): Layers.TWO,
    ("escapes", "encoded words Q"): Layers.TWO,
    # only a part of what they spell
    ("hex", "cut Buffer of Node"): Layers.INNER,
    # bytes are read as ASCII, and what cannot be seen is a line break
    ("signs within the key", "soft hyphens"): Layers.ONE,
    ("signs within the key", "zero width spaces"): Layers.ONE,
    ("signs within the key", "zero width joiners"): Layers.ONE,
    ("signs within the key", "base64 broken by soft hyphens"): Layers.ONE,
    ("signs within the key", "colours of a terminal"): Layers.ONE,
    # ASCII, unlike the others of the family
    ("other letters", "ROT13"): Layers.INNER,
    ("other letters", "ROT13 backwards"): Layers.INNER,
    ("other letters", "ROT13 in base64"): Layers.INNER,
}
"""The layers of the spellings of a family, and of single spellings that differ from it."""

TEXTS: list[Text] = []
BODIES: list[Whole] = []


def _texts(family: str, fate: Fate = Fate.OUT, **spells: Spell) -> None:
    TEXTS.extend(
        Text(family, name.replace("_", " "), fate, spell) for name, spell in spells.items()
    )


def _each(form: str, join: str = "") -> Spell:
    """Each character in a form of its code."""
    return lambda key: join.join(form.format(ord(char)) for char in key)


def _groups(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _between(sign: str, every: int = 1) -> Spell:
    """The characters of the key with a sign between them, or between groups of them."""
    return lambda key: sign.join(_groups(key, every))


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _of_bytes(code: Coded) -> Spell:
    return lambda key: _b64(code(key))


def _lines(text: str, width: int) -> str:
    return "\n".join(_groups(text, width))


def _rows(key: str, form: str) -> str:
    """A dump of the key after some other bytes, sixteen in a row."""
    raw = b"x-key: " + key.encode()
    rows = (raw[at : at + 16] for at in range(0, len(raw), 16))
    return "\n".join(
        form.format(
            at=16 * number,
            bytes=row.hex(" "),
            pairs=row.hex(" ", -2),
            words=" ".join(row[i : i + 2][::-1].hex() for i in range(0, len(row), 2)),
            text=row.decode(),
        )
        for number, row in enumerate(rows)
    )


def _dump(form: str) -> Spell:
    return lambda key: _rows(key, form)


def _in_base(number: int, digits: str) -> str:
    shown = ""
    while number:
        number, digit = divmod(number, len(digits))
        shown = digits[digit] + shown
    return shown


def _number(key: str) -> int:
    return int.from_bytes(key.encode(), "big")


def _translated(before: str, after: str) -> Spell:
    return lambda key: key.translate(str.maketrans(before, after))


def _style(upper: int, lower: int, digit: int) -> Spell:
    """Letters and digits of another style, by the codes of their A, a and 0."""
    starts = (("A", 26, upper), ("a", 26, lower), ("0", 10, digit))
    table = {ord(f) + n: start + n for f, count, start in starts for n in range(count)}
    return lambda key: key.translate(table)


DIGITS_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LOWER, UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
B32 = UPPER + "234567"

_texts(
    "plain",
    as_it_is=lambda key: key,
    without_its_prefix=lambda key: key[8:],
    in_capitals=str.upper,
    in_lowercase=str.lower,
    with_its_case_swapped=str.swapcase,
    backwards=lambda key: key[::-1],
    with_its_last_character_changed=lambda key: key[:-1] + "!",
    ten_characters_of_it=lambda key: key[12:22],
)
_texts("plain", Fate.OPEN, nine_characters_of_it=lambda key: key[12:21])
_texts(
    "base64",
    standard=lambda key: _b64(key.encode()),
    for_URLs_without_padding=lambda key: (
        base64.urlsafe_b64encode(b"?>" + key.encode()).decode().rstrip("=")
    ),
    after_one_byte=lambda key: _b64(b":" + key.encode()),
    after_two_bytes=lambda key: _b64(b"u:" + key.encode()),
    in_lines_of_76_characters=lambda key: base64.encodebytes(b"x" * 30 + key.encode()).decode(),
    in_lines_of_8_characters=lambda key: _lines(_b64(key.encode()), 8),
    with_spaces=lambda key: " ".join(_groups(_b64(key.encode()), 4)),
    of_sixteen_bits_a_character=lambda key: _b64(key.encode("utf-16")),
    in_a_data_URL=lambda key: f"data:text/plain;base64,{_b64(key.encode())}",
    in_a_JSON_Web_Token=lambda key: f"{_b64(b'{}')}.{_b64(json.dumps({'k': key}).encode())}.c2ln",
    as_UTF_7_has_it=lambda key: "+" + _b64(key.encode("utf-16-be")).rstrip("=") + "-",
)
_texts(
    "hex",
    in_lowercase=lambda key: key.encode().hex(),
    of_capitals=lambda key: key.encode().hex().upper(),
    with_spaces=lambda key: key.encode().hex(" "),
    with_colons=lambda key: key.encode().hex(":"),
    with_hyphens=lambda key: key.encode().hex("-").upper(),
    with_0x_and_commas=_each("0x{:02x}", ", "),
    with_0x_in_lines=_each("0x{:02x}", ",\n        "),
    in_lines=lambda key: _lines(key.encode().hex(), 16),
    of_sixteen_bits_a_character=lambda key: key.encode("utf-16-le").hex(),
    Buffer_of_Node=lambda key: f"<Buffer {key.encode().hex(' ')}>",
    cut_Buffer_of_Node=lambda key: f"<Buffer {key.encode()[:24].hex(' ')} ... 8 more bytes>",
)
_texts(
    "dump",
    hexdump_with_characters=_dump("{at:08x}  {bytes:<47}  |{text}|"),
    hexdump=_dump("{at:07x} {words}"),
    xxd=_dump("{at:08x}: {pairs:<39}  {text}"),
    xxd_in_capitals=lambda key: _rows(key, "{at:08x}: {pairs:<39}").upper(),
    od_in_bytes=_dump("{at:07o} {bytes}"),
    Wireshark=_dump("{at:04x}   {bytes:<47}   {text}"),
    its_column_of_characters=_dump("{at:04x} |{text}|"),
)
_texts(
    "list of numbers",
    JSON_of_a_Buffer=lambda key: json.dumps({"type": "Buffer", "data": list(key.encode())}),
    JSON_in_lines=lambda key: json.dumps(list(key.encode()), indent=4),
    JSON_of_a_Uint8Array=lambda key: json.dumps(dict(enumerate(key.encode()))),
    of_Go=_each("{}", " "),
    of_Java=lambda key: str(list(key.encode())),
    with_semicolons=_each("{}", ";"),
    octal=_each("{:03o}", " "),
)
_texts(
    "list of numbers",
    Fate.OPEN,
    binary=_each("{:08b}", " "),
    as_strings=lambda key: json.dumps([str(byte) for byte in key.encode()]),
    as_one_integer=lambda key: str(_number(key)),
)
_texts(
    "escapes",
    of_JSON=_each("\\u{:04x}"),
    of_JSON_twice=_each("\\\\u{:04X}"),
    hex=_each("\\x{:02x}"),
    octal=_each("\\{:03o}"),
    braces=_each("\\u{{{:x}}}"),
    eight_digits=_each("\\U{:08x}"),
    percent_signs_with_u=_each("%u{:04X}"),
    code_points_with_a_plus=_each("U+{:04X}", " "),
    percent_signs=_each("%{:02x}"),
    percent_signs_twice=_each("%25{:02X}"),
    some_percent_signs=lambda key: "".join(
        f"%{ord(char):02X}" if at % 2 else char for at, char in enumerate(key)
    ),
    entities=_each("&#{};"),
    entities_in_hex=_each("&#x{:X};"),
    entities_with_zeros=_each("&#0000000{};"),
    quoted_printable=_each("={:02X}"),
    quoted_printable_with_soft_breaks=_between("=\r\n", 6),
    encoded_word_Q=lambda key: f"=?utf-8?Q?{_each('={:02X}')(key)}?=",
    encoded_words_Q=lambda key: " ".join(f"=?utf-8?Q?{part}?=" for part in _groups(key, 6)),
    encoded_word_B=lambda key: f"=?utf-8?B?{_b64(key.encode())}?=",
)
_texts(
    "escapes",
    Fate.OPEN,
    of_CSS=_each("\\{:x} "),
    of_Lua=_each("\\{:03d}"),
)
_texts(
    "other bases",
    base32=lambda key: base64.b32encode(key.encode()).decode(),
    base32_after_other_bytes=lambda key: base64.b32encode(b"id" + key.encode()).decode().lower(),
    base32_with_the_digits_of_hex=lambda key: base64.b32hexencode(key.encode()).decode(),
    base32_of_Crockford=lambda key: (
        base64.b32encode(key.encode())
        .decode()
        .translate(str.maketrans(B32, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
        .rstrip("=")
    ),
    base58=lambda key: _in_base(_number(key), DIGITS_58),
)
_texts(
    "other bases",
    Fate.OPEN,
    base36=lambda key: _in_base(_number(key), "0123456789" + LOWER),
    base62=lambda key: _in_base(_number(key), "0123456789" + UPPER + LOWER),
    base85=lambda key: base64.b85encode(key.encode()).decode(),
    ascii85=lambda key: base64.a85encode(key.encode()).decode(),
    uuencode=lambda key: codecs.encode(key.encode()[:45], "uu").decode(),
)
_texts(
    "signs within the key",
    spaces=_between(" "),
    line_breaks_after_nine_characters=_between("\n", 9),
    line_breaks_and_indents=_between("\n    ", 5),
    hyphens=_between("-"),
    full_stops_and_commas=_between(".,", 2),
    soft_hyphens=_between("\u00ad", 4),
    zero_width_spaces=_between("\u200b"),
    zero_width_joiners=_between("\u2060\u200d", 3),
    zero_bytes=_between("\0"),
    soft_hyphens_as_entities=_between("&shy;", 4),
    zero_width_spaces_as_escapes=_between("\\u200b", 4),
    the_tag_wbr=_between("<wbr>", 5),
    bold_characters=lambda key: "".join(f"<b>{char}</b>" for char in key),
    tags_with_attributes=lambda key: "".join(f'<i class="c-9">{char}</i>' for char in key),
    comments=_between("<!-- -->", 6),
    colours_of_a_terminal=_between("\x1b[0;31m", 4),
    a_list_of_characters=lambda key: json.dumps(list(key)),
    an_object_of_characters=lambda key: json.dumps(dict(enumerate(key))),
    concatenated_strings=_between('" + "', 6),
    base64_broken_by_soft_hyphens=lambda key: _between("\u00ad", 5)(_b64(key.encode())),
)
_texts(
    "signs within the key",
    Fate.OPEN,
    letters_between=_between("x"),
    words_between=_between(" and ", 6),
    over_several_members=lambda key: json.dumps(
        {f"part{n}": part for n, part in enumerate(_groups(key, 6))}
    ),
    base64_broken_by_hyphens=lambda key: _between("-", 5)(_b64(key.encode())),
)
_texts(
    "other letters",
    full_width=_style(0xFF21, 0xFF41, 0xFF10),
    mathematical_bold=_style(0x1D400, 0x1D41A, 0x1D7CE),
    mathematical_typewriter=_style(0x1D670, 0x1D68A, 0x1D7F6),
    marks_on_letters=_between("\u0301"),
    ROT13=lambda key: codecs.encode(key, "rot13"),
    ROT13_backwards=lambda key: codecs.encode(key[::-1], "rot13"),
    ROT13_in_base64=lambda key: _b64(codecs.encode(key, "rot13").encode()),
)
_texts(
    "other letters",
    Fate.OPEN,
    letters_of_Cyrillic=_translated("aceopxyKZWXHBMT19", "асеорхуКΖԜХНВМТ١٩"),
    shifted_by_three=lambda key: "".join(chr(ord(char) + 3) for char in key),
    ROT47=lambda key: "".join(chr(33 + (ord(char) + 14) % 94) for char in key),
    xored_with_a_mask=lambda key: bytes(byte ^ 0x55 for byte in key.encode()).hex(),
    pairs_swapped=lambda key: "".join(key[at : at + 2][::-1] for at in range(0, len(key), 2)),
    a_hash=lambda key: hashlib.sha256(key.encode()).hexdigest(),
)


def _zipped(key: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("key.txt"), f"the key is {key}", method)
    return file.getvalue()


def _raw_deflated(key: str) -> bytes:
    return zlib.compress(key.encode())[2:-4]


_texts(
    "compressed",
    gzip_in_base64=_of_bytes(lambda key: gzip.compress(key.encode())),
    zlib_in_base64=_of_bytes(lambda key: zlib.compress(key.encode())),
    zlib_in_hex=lambda key: zlib.compress(key.encode()).hex(),
    gzip_in_hex_with_spaces=lambda key: gzip.compress(key.encode()).hex(" "),
    gzip_in_a_Buffer=lambda key: json.dumps(list(gzip.compress(key.encode()))),
    gzip_in_base32=lambda key: base64.b32encode(gzip.compress(key.encode())).decode(),
    bzip2_in_base64=_of_bytes(lambda key: bz2.compress(key.encode())),
    xz_in_base64=_of_bytes(lambda key: lzma.compress(key.encode())),
    zip_in_base64=_of_bytes(_zipped),
    gzip_of_gzip_in_base64=_of_bytes(lambda key: gzip.compress(gzip.compress(key.encode()))),
    gzip_of_base64_in_base64=_of_bytes(lambda key: gzip.compress(base64.b64encode(key.encode()))),
)
_texts("compressed", Fate.OPEN, bare_deflate_in_base64=_of_bytes(_raw_deflated))
_texts(
    "layers",
    base64_twice=lambda key: _b64(_b64(key.encode()).encode()),
    base64_three_times=lambda key: _b64(_b64(_b64(key.encode()).encode()).encode()),
    hex_in_base64=lambda key: _b64(key.encode().hex().encode()),
    base64_in_hex=lambda key: _b64(key.encode()).encode().hex(),
    base64_in_percent_signs=lambda key: _each("%{:02X}")(_b64(key.encode())),
    entities_in_escapes=lambda key: _each("\\u{:04x}")(_each("&#{};")(key)),
    base64_in_quoted_printable=lambda key: quopri.encodestring(
        _b64(key.encode()).encode()
    ).decode(),
    hex_with_colons_in_base64=lambda key: _b64(key.encode().hex(":").encode()),
    base32_in_escapes=lambda key: _each("\\x{:02x}")(base64.b32encode(key.encode()).decode()),
)
_texts(
    "layers",
    Fate.OPEN,
    base64_four_times=lambda key: _b64(_b64(_b64(_b64(key.encode()).encode()).encode()).encode()),
)


def _message(key: str) -> bytes:
    return json.dumps({"error": {"message": f"The key {key} is unknown"}}).encode()


def _body(name: str, fate: Fate, make: Coded, coding: str = "") -> None:
    BODIES.append(Whole(name, fate, make, coding))


def _tarred(key: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("key.txt")
        info.size = len(key)
        archive.addfile(info, io.BytesIO(key.encode()))
    return file.getvalue()


UNKNOWN = bytes(range(1, 256))
"""Stands for bytes in a coding that is not undone."""


def _chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG picture."""
    check = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check


_body("UTF-8", Fate.OUT, _message)
_body("UTF-8 with a mark", Fate.OUT, lambda key: b"\xef\xbb\xbf" + _message(key))
_body("UTF-16", Fate.WITHHELD, lambda key: f"é{key}".encode("utf-16"))
_body("UTF-16, big end first", Fate.WITHHELD, lambda key: f"é{key}".encode("utf-16-be"))
_body("UTF-32", Fate.WITHHELD, lambda key: f"é{key}".encode("utf-32"))
_body("UTF-16 without a mark, of ASCII alone", Fate.OUT, lambda key: key.encode("utf-16-le"))
_body("Latin-1", Fate.WITHHELD, lambda key: f"clé {key}".encode("latin-1"))
_body("a page of HTML", Fate.OUT, lambda key: f"<p>No {html.escape(key)}</p>".encode())
_body("a form", Fate.OUT, lambda key: f"a=1&key={_each('%{:02X}')(key)}".encode())
_body("XML", Fate.OUT, lambda key: f"<e><![CDATA[{key}]]></e>".encode())
_body("server-sent events", Fate.OUT, lambda key: f"data: {key}\n\n".encode())
_body(
    "multipart with base64", Fate.OUT, lambda key: b"--b\r\n\r\n" + base64.encodebytes(key.encode())
)
_body("bytes around the key", Fate.WITHHELD, lambda key: b"\xff\xfe" + key.encode() + b"\x80")
_body(
    "a byte after nine characters",
    Fate.WITHHELD,
    lambda key: b"\xff".join(part.encode() for part in _groups(key, 9)),
)
for _name, _make in {
    "gzip, unasked": lambda key: gzip.compress(_message(key)),
    "gzip in gzip": lambda key: gzip.compress(gzip.compress(_message(key))),
    "gzip, cut": lambda key: gzip.compress(_message(key))[:-12],
    "gzip after other bytes": lambda key: b"\x00\x01\xff" + gzip.compress(_message(key)),
    "zlib": lambda key: zlib.compress(_message(key)),
    "bare deflate": lambda key: zlib.compress(_message(key))[2:-4],
    "bzip2": lambda key: bz2.compress(_message(key)),
    "xz": lambda key: lzma.compress(_message(key)),
    "lzma": lambda key: lzma.compress(_message(key), format=lzma.FORMAT_ALONE),
    "zip": _zipped,
    "tar with gzip": lambda key: gzip.compress(_tarred(key)),
    "zstd, unasked": lambda key: b"\x28\xb5\x2f\xfd" + UNKNOWN,
    "brotli, unasked": lambda key: b"\x0b\x80" + UNKNOWN,
    "a picture in PNG": lambda key: (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"zTXt", b"k\0\0" + zlib.compress(key.encode()))
    ),
    "a document in PDF": lambda key: b"%PDF-1.7\n%\xe2\xe3\nstream\n" + zlib.compress(key.encode()),
    "MessagePack": lambda key: b"\x81\xa3key\xd9" + bytes((len(key),)) + key.encode() + b"\x01",
    "CBOR": lambda key: b"\xa1\x63key\x78" + bytes((len(key),)) + key.encode() + b"\xff",
    "encrypted bytes": lambda key: UNKNOWN,
}.items():
    _body(_name, Fate.WITHHELD, _make)
_body("zip without compression", Fate.WITHHELD, lambda key: _zipped(key, zipfile.ZIP_STORED))
_body("tar", Fate.OUT, _tarred)
for _coding in ("br", "zstd", "compress", "gzip, br", "unheard-of"):
    _body(f"Content-Encoding: {_coding}", Fate.WITHHELD, lambda key: UNKNOWN, _coding)
_body("EBCDIC", Fate.OPEN, lambda key: key.encode("cp500"))


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Kind, spelling, fate and layers of everything that is tried, for the table."""
    for fate in Fate:
        for family in dict.fromkeys(text.family for text in TEXTS):
            for text in TEXTS:
                if (text.family, text.fate) == (family, fate):
                    yield family, text.name, fate, text.layers
        for body in BODIES:
            if body.fate is fate:
                yield "body", body.name, fate, ""
