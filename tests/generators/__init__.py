"""Tests of feeds/generators."""
