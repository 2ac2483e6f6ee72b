"""The text of a commented target file, made from the contract so that it names what exists."""

from __future__ import annotations

from conformance.model import KEY_ROLES, Contract
from conformance.target import DEFAULT_BUDGET, DEFAULT_TIMEOUT, KEY_VARIABLE


def text(contract: Contract) -> str:
    """A target file that reads only; everything else stands in it as a comment."""
    scopes = list(dict.fromkeys(scope for o in contract.operations.values() for scope in o.scopes))
    lists = [o.id for o in contract.operations.values() if o.paging]
    unnamed = [
        o.id for o in contract.operations.values() if o.paging and o.paging.collection is None
    ]
    made = next((o.id for o in contract.operations.values() if o.action == "create"), "operation")
    provoked = [(code, o.id) for o in contract.operations.values() for code in o.provokes]
    triggers = "\n".join(
        f"#   - {{code: {code}, operation: {operation}, input: {{}}}}"
        for code, operation in provoked
    )
    return f"""\
# Target file: the server under test ({contract.title} {contract.version}).
# Keep keys out of it: ${{NAME}} takes the environment variable NAME.

name: my server
url: https://api.example.com{contract.base_path}

# What the suite may do. read is always allowed; write creates and changes objects, spend places calls,
# sends texts or opens accounts (money and real people), flood trips rate limits.
allow: [read]

keys:
{_keys()}

# A key for each single scope:
# scoped_keys:
{chr(10).join(f"#   {scope}: ${{{scope.upper().replace(':', '_').replace('-', '_')}_KEY}}" for scope in scopes)}

# Ids of the businesses of these keys:
# businesses: {{main: "", other: "", empty: ""}}

# Numbers that may be called. Without them the fictional range +1 202 555 0100 is used.
# phone_numbers: ["+12025550100"]

# The largest page of each list, to judge that it holds:
# maximum: {{{", ".join(f"{name}: 100" for name in lists)}}}

# The member that holds the items of a list, where the contract does not name it and a list has several arrays:
# collections: {{{", ".join(f"{name}: items" for name in unnamed)}}}

# Values for what valid requests send, where this server takes no sample of the suite ({{}} becomes a fresh text):
# inputs:
#   {made}: {{}}

# Recipes that make this server answer with a code, for faults that cannot be provoked from outside. `firm: true` beside
# the input: so, too, in capitals, within a longer text and beside optional objects; `payment: TEXT`: a proof that pays.
# triggers:
{triggers}

# A request outside {contract.base_path or "the base path"} that moves the server's clock on, and local addresses to send from:
# clock: {{method: POST, path: /clock, member: seconds}}
# addresses: [192.0.2.1, 192.0.2.2]

# budget: {DEFAULT_BUDGET}     # requests, at most
# rate: 10         # requests per second, at most
# timeout: {DEFAULT_TIMEOUT:g}      # seconds for one response

# Operations that this server does not have, and failures that are accepted for a time:
# inapplicable: []
# waivers:
#   - {{clause: {next(iter(contract.clauses))}, reason: why it is accepted, owner: who answers for it, expires: "2027-01-31"}}
"""


def _keys() -> str:
    """A line for each key: the full one as it is usually given, the others as comments."""
    lines = []
    for role in KEY_ROLES.values():
        start, variable = ("#   ", f"{role.name.upper()}_KEY")
        if role.name == "full":
            start, variable = "  ", KEY_VARIABLE
        lines.append(f"{start}{role.name}: ${{{variable}}}".ljust(34) + f"# {role.what}")
    return "\n".join(lines)


def key_table() -> str:
    """The keys of a target file as a Markdown table, for the documentation."""
    rows = [
        f"| `{role.name}` | {role.what} | {role.business or 'any'} | {'no' if role.dead else 'yes'} |"
        for role in KEY_ROLES.values()
    ]
    return "\n".join(["| key | what it is | business | valid |", "|---|---|---|---|", *rows])
