"""certificate.html: one A4 sheet for people, with a QR code of the digest and the address.

Product, version and the names of signers come from a vendor, so they are made inert and escaped as
in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import segno
from jinja2 import Environment
from markupsafe import Markup

from conformance.base.text import clean
from conformance.certify.certificate import CERTIFIER, VENDOR, Certificate, Grade
from conformance.model import IDENTITIES
from conformance.report import badge, html

NAME = "certificate.html"
NAMED = 12
"""How many of the scored clauses that were not judged the sheet names; it counts the others."""
SHORT = 16
"""Hexadecimal digits of a digest where the sheet has no room for all."""

FEW = 3
"""Addresses of the target that the sheet shows."""

TITLES = {
    Grade.SELF_DECLARED: "Self-declaration of conformance",
    Grade.CERTIFIED: "Certificate of conformance",
}
COLOURS = {Grade.SELF_DECLARED: "#41599b", Grade.CERTIFIED: "#1c6b36"}
RELATIONS = {VENDOR: "the vendor", CERTIFIER: "the certifier"}


def render(certificate: Certificate) -> str:
    """The certificate as one self-contained document without a script."""
    return (
        _environment()
        .get_template("certificate.html.j2")
        .render(
            it=certificate,
            title=TITLES[certificate.grade],
            first_line=certificate.first_line,
            code=_code(certificate),
            ran_by=RELATIONS.get(certificate.relation, certificate.relation),
            client=IDENTITIES.get(certificate.identity, certificate.identity),
            named=certificate.not_judged[:NAMED],
            beyond=len(certificate.not_judged) - NAMED,
        )
    )


def render_index(certificates: Sequence[Certificate], built: datetime) -> str:
    """The page of a registry that lists its certificates, as a document without a script."""
    moment = built.isoformat(timespec="seconds")
    template = _environment().get_template("registry.html.j2")
    return template.render(certificates=certificates, built=moment, ran_by=RELATIONS)


def badge_of(certificate: Certificate) -> str:
    """The badge of a certificate as SVG: its grade, its profile and its last day.

    It is green only if a certifier answers for it and everything could be recomputed.
    """
    value = f"{certificate.grade}: {certificate.profile} until {certificate.expires[:10]}"
    colour = COLOURS[certificate.grade]
    if certificate.not_recomputed:
        value, colour = f"{value}, not all recomputed", COLOURS[Grade.SELF_DECLARED]
    return badge.svg(clean(certificate.label), clean(value), certificate.first_line, colour)


def reference(certificate: Certificate) -> str:
    """The text of the QR code: the address, if there is one, and the digest."""
    digest = f"sha256:{certificate.digest}"
    return f"{certificate.address}#{digest}" if certificate.address else digest


def _code(certificate: Certificate) -> Markup:
    """The QR code as SVG. The library writes only paths, whatever the text is."""
    code = segno.make(reference(certificate), error="m", micro=False)
    drawn = code.svg_inline(scale=3, border=0, svgclass="code", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704 - contains no text


@cache
def _environment() -> Environment:
    environment = html.environment_of("conformance.certify", lines=False)
    environment.filters.update(day=lambda text: text[:10])
    environment.globals.update(short=SHORT, few=FEW)
    return environment
