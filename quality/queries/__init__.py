"""Reading: what pages and reports need, in a fixed number of SQL queries."""
