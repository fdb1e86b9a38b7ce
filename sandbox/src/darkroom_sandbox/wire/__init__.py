"""The network in front of each vendor, which can be told to fall silent, to cut and to delay."""
