"""The page of one run: charts, config, summary, console, media, tables, artifacts, files."""
