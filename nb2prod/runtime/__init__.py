"""What generated code imports: small, quick to import, and of the standard library alone."""

from nb2prod.runtime.contract import StepRunner

__all__ = ["StepRunner"]
