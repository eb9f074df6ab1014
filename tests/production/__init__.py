"""The production shape on one machine: PostgreSQL, S3, servers with accounts, two workers."""
