"""`python -m darkroom_poller`."""

from darkroom_servicekit.runtime import serve
from darkroom_servicekit.settings import read_settings

from darkroom_poller.main import build
from darkroom_poller.settings import PollerSettings

if __name__ == "__main__":
    settings = read_settings(PollerSettings)
    serve(build(settings), settings)
