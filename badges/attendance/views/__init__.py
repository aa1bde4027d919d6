"""Pages: who is here, devices, checkpoints, conflicts."""
