"""The measurements that the tests here show."""

from made_measurements import good

__all__ = ["good"]
