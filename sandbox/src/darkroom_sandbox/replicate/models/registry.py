"""The models the sandbox hosts. A new one: a module beside this one and a painter in `pictures/worker.py`."""

from darkroom_sandbox.replicate.models import nano_banana
from darkroom_sandbox.replicate.models.model import Model

MODELS: dict[str, Model] = {model.ref: model for model in (nano_banana.MODEL,)}
