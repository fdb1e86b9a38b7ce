"""One module per command group; `main.py` names them and loads one only when it is called."""
