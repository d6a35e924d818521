"""Where the processes of a comparison run: on this machine, or on a cluster of Ray."""
