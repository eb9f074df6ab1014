"""Tests of Podium."""
