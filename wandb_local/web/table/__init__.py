"""The pages of a table: its rows, filtered and sorted; one row large; two tables compared."""
