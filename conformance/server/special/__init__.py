"""What is special about one API: the only folder of the package that names it.

Everything else the reference server derives from the contract. An entry here names an operation, a kind
or a code, and is ignored where the contract served does not have it.
"""

from conformance.server.extras import Extras
from conformance.server.special import accounts, calls, discovery, seeds, triggers

EXTRAS = Extras(
    triggers=triggers.TRIGGERS,
    makers={"sign_up": accounts.open_account},
    completers={"call": calls.complete},
    answers={"read_openapi": discovery.document},
    recipes=seeds.RECIPES,
    phone_numbers=triggers.PLAIN_NUMBERS,
    terms=accounts.TERMS,
)
"""The plugs of this API."""
