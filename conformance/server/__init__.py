"""The reference server: a WSGI application that serves any Contract, and the sandbox around it.

It shares no code with judges or scenarios, so a mistake in one cannot hide in the other.
``handles`` lists the methods that a subclass may override to change its behaviour.
"""

from conformance.server.application import Application, application
from conformance.server.declaration import declaration, target_file
from conformance.server.serve import listen, serve

__all__ = ["Application", "application", "declaration", "listen", "serve", "target_file"]
