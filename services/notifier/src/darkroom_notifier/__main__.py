"""`python -m darkroom_notifier`: serve, with the settings of the environment."""

from darkroom_servicekit.runtime import serve
from darkroom_servicekit.settings import read_settings

from darkroom_notifier.main import build
from darkroom_notifier.settings import NotifierSettings
from darkroom_notifier.wire import CuttingProtocol

if __name__ == "__main__":
    settings = read_settings(NotifierSettings)
    serve(build(settings), settings, websockets=CuttingProtocol)
