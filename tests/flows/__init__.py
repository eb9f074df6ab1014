"""Tests of its flows."""
