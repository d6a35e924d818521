"""Looking at data before training: what is there, what is wrong with it, and what to type next."""
