"""Finished studies at addresses: object storage, servers, any file system that fsspec knows."""
