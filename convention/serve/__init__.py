"""Run the whole on one machine: server and worker together, on this machine or on the local network."""
