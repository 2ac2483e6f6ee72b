"""Requests that Schemathesis draws from the contract."""
