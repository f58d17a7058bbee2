"""Tests of feeds/cli."""
