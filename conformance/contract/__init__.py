"""The contract as data: read from the files of ``spec/`` once, and never changed."""

from conformance.contract.loader import digest_of, load, packaged, packaged_digest

__all__ = ["digest_of", "load", "packaged", "packaged_digest"]
