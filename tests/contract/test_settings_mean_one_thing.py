"""A `DARKROOM_…` setting is read from one environment by all services, so its name must mean the same to each of them."""

from darkroom_credits.settings import CreditsSettings
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_notifier.settings import NotifierSettings
from darkroom_poller.settings import PollerSettings
from darkroom_predictor.settings import PredictorSettings

SERVICES = (JobsApiSettings, CreditsSettings, PredictorSettings, PollerSettings, NotifierSettings)


def test_a_setting_that_several_services_read_has_one_default() -> None:
    first: dict[str, object] = {}
    for settings in SERVICES:
        for name, field in settings.model_fields.items():
            if field.is_required() or field.default is None:
                continue
            assert first.setdefault(name, field.default) == field.default, f"{settings.__name__}.{name}"
