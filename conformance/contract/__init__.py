"""The contract as immutable data, read from the files of ``spec/``."""

from conformance.contract.challenges import with_challenges
from conformance.contract.loader import digest_of, editions, in_edition, load, packaged

__all__ = ["digest_of", "editions", "in_edition", "load", "packaged", "with_challenges"]
