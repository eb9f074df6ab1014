"""Tests of its tasks."""
