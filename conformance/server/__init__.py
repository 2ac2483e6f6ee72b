"""The reference server: a WSGI application that serves any Contract, and a sandbox.

It shares no code with the judges or the scenarios, so a mistake in one cannot hide in the other.
``handles`` lists the methods that a subclass may override to behave differently.
"""

from conformance.server.application import Application, application
from conformance.server.declaration import declaration, target_file
from conformance.server.serve import listen, serve

__all__ = ["Application", "application", "declaration", "listen", "serve", "target_file"]
