"""What vendors and readers tell us about messages that were sent."""
