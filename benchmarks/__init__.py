"""Benchmarks: each prints one JSON object as its last line; ``./run bench NAME`` runs one."""
