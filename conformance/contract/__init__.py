"""The contract as immutable data, read from the files of ``spec/``."""

from conformance.contract.loader import digest_of, load, packaged

__all__ = ["digest_of", "load", "packaged"]
