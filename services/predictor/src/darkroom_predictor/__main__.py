"""`python -m darkroom_predictor`: serve, with settings from the environment."""

from darkroom_servicekit.runtime import serve
from darkroom_servicekit.settings import read_settings

from darkroom_predictor.main import build
from darkroom_predictor.settings import PredictorSettings

if __name__ == "__main__":
    settings = read_settings(PredictorSettings)
    serve(build(settings), settings)
