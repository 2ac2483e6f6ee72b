"""A contract conformance test suite for HTTP APIs.

The contract (``spec/``) names the API; the code here is generic.
"""

__version__ = "0.1.0"
