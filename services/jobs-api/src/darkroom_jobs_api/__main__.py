"""`python -m darkroom_jobs_api`"""

from darkroom_servicekit.runtime import serve
from darkroom_servicekit.settings import read_settings

from darkroom_jobs_api.main import build
from darkroom_jobs_api.settings import JobsApiSettings

if __name__ == "__main__":
    settings = read_settings(JobsApiSettings)
    serve(build(settings), settings)
