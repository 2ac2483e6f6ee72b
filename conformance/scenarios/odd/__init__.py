"""Odd requests: every way in which a request can be unusual or wrong."""
