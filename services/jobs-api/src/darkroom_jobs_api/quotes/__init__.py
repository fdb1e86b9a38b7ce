"""What a job would cost, before anything is taken."""
