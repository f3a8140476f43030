"""Sweeps as a server runs them: records, agents, the runs handed out. The search itself is pure logic elsewhere."""
