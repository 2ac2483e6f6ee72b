"""The site of a fleet: static pages about the results that were collected for many targets."""

from conformance.fleet_site.pages import build

__all__ = ["build"]
