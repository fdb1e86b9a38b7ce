"""What every Darkroom service needs and none should write again."""
