"""The words of a message, in the languages of the people."""
