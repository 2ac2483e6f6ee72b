"""The reference server: a WSGI application that serves any Contract, and a sandbox of its own.

It shares no code with the judges and the scenarios: the accused must not share the judge's code.
"""

from conformance.server.application import Application, application
from conformance.server.declaration import declaration, target_file
from conformance.server.serve import listen, serve

__all__ = ["Application", "application", "declaration", "listen", "serve", "target_file"]
