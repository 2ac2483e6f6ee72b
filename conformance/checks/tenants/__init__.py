"""Judges of tenants: data of another tenant is neither shown nor changed."""

from conformance.checks.tenants import figures, reach

__all__ = ["figures", "reach"]
