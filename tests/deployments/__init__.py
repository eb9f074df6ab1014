"""Tests of its deployments."""
