"""Judges of triggers and payments."""

from conformance.checks.triggers import payments, provoked

__all__ = ["payments", "provoked"]
