"""The configuration of Podium: its schema, how it is loaded, and the YAML files."""
