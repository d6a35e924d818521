"""Many datasets: their results as one table, the tests over it, and experiments that fill it."""
