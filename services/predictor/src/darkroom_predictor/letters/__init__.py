"""Dead letters: what was given up, kept with its history, looked at, tried again or dropped by an operator."""
