"""`python -m darkroom_credits`: serve, with the settings of the environment."""

from darkroom_servicekit.runtime import serve
from darkroom_servicekit.settings import read_settings

from darkroom_credits.main import build
from darkroom_credits.settings import CreditsSettings

if __name__ == "__main__":
    settings = read_settings(CreditsSettings)
    serve(build(settings), settings)
