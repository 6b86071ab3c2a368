"""The measurements that the tests here score."""

from made_measurements import good, judge, points

__all__ = ["good", "judge", "points"]
