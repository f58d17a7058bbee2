"""Tests of feeds/doctor."""
