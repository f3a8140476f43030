"""Sweeps as a server runs them: their records, their agents, and the runs handed out. The search itself is pure logic."""
