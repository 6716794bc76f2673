"""The gate and the vendor of tests/gateway, for tests of the whole that make none of their own."""

from tests.gateway.conftest import gate, running_gate, running_vendor, vendor

__all__ = ["gate", "running_gate", "running_vendor", "vendor"]
