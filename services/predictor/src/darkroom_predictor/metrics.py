"""What the predictor reports to Prometheus. Labels are bounded: accounts and classes, never a tenant."""

import math
from collections.abc import Callable, Mapping, Sequence

from darkroom_contracts.topics import SERVICES
from prometheus_client import CollectorRegistry, Counter, Gauge

from darkroom_predictor.fair_queue import Figures
from darkroom_predictor.limiter_controls import ModelFigures
from darkroom_predictor.providers.door import Accepted, NotSent, Outcome, Refusal, Refused
from darkroom_predictor.watch_store import Watched


class PredictorMetrics:
    """One per process, on its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.grants = Counter("darkroom_limiter_grants", "Turns granted", registry=registry)
        self.burned = Counter("darkroom_limiter_burned", "Turns granted and not used", ["reason"], registry=registry)
        self.outcomes = Counter(
            "darkroom_provider_calls", "Creations by how they ended", ["provider", "model", "outcome"], registry=registry
        )
        self.throttled = Counter("darkroom_provider_throttled", "Creations answered with 429", registry=registry)
        self.cuts = Counter("darkroom_limiter_cuts", "Caps cut after a 429", ["account"], registry=registry)
        self.breakers_opened = Counter("darkroom_model_breakers_opened", "Models found broken", registry=registry)
        self.models_broken = Gauge("darkroom_models_broken", "Models that are called for a trial only", registry=registry)
        self.tenants_slowed = Gauge(
            "darkroom_tenants_slowed", "Tenants that are called for a trial only at a model where they fail", registry=registry
        )
        self.settled = Counter("darkroom_unanswered_settled", "Unanswered creations settled", ["as"], registry=registry)
        self.listed_without_webhook = Counter(
            "darkroom_predictions_listed_without_webhook",
            "Predictions of ours that the provider lists without the webhook they were created with",
            registry=registry,
        )
        self.repaired = Counter("darkroom_queue_repaired", "Differences between Redis and the table mended", registry=registry)
        self.silent = Counter(
            "darkroom_attempts_silent",
            "Attempts whose end did not come, by what was done: told-again, given-up",
            ["done"],
            registry=registry,
        )
        self.cancels = Counter(
            "darkroom_provider_cancels",
            "Requests to stop a prediction, by whether the provider took them",
            ["outcome"],
            registry=registry,
        )
        self.clock_steps = Gauge(
            "darkroom_redis_clock_steps", "Steps of Redis' clock that this replica has noticed", registry=registry
        )
        self.queue_length = Gauge("darkroom_queue_length", "Items that wait for a turn", registry=registry)
        self.unmoved = Gauge(
            "darkroom_queue_unmoved_seconds", "Since a waiting queue last gave a turn; 0 while nothing waits", registry=registry
        )
        self.silent_seconds = Gauge(
            "darkroom_limiter_silent_seconds",
            "Since this replica's dispatcher last asked an open limiter for turns",
            ["provider"],
            registry=registry,
        )
        self.in_window = Gauge("darkroom_limiter_in_window", "Grants in the last 60 s", ["account"], registry=registry)
        self.cap = Gauge("darkroom_limiter_cap", "Creations allowed in any 60 s", ["account"], registry=registry)
        self.in_force = Gauge("darkroom_limiter_cap_in_force", "The cap after 429s", ["account"], registry=registry)
        self.stopped = Gauge(
            "darkroom_provider_account_stopped", "1 while the provider refuses the account", ["account"], registry=registry
        )
        self.in_flight = Gauge("darkroom_predictions_in_flight", "Attempts that hold a slot", ["account"], registry=registry)
        self.paused = Gauge(
            "darkroom_provider_account_paused_seconds", "How long an account pauses still", ["account"], registry=registry
        )

        self.dead_letters = Gauge(
            "darkroom_dead_letters_open", "Dead letters that nobody has dealt with", ["service", "kind"], registry=registry
        )
        self.without_account = Gauge(
            "darkroom_attempts_without_account",
            "Live attempts of accounts that have no token here: kept, not settled",
            ["account"],
            registry=registry,
        )
        self.unserved = Gauge(
            "darkroom_items_without_provider", "Queued items of providers that this version has no adapter for", registry=registry
        )

        self.our_faults = Gauge(
            "darkroom_models_closed_for_our_fault",
            "1 while the model is closed because the provider refuses what we fill in ourselves",
            ["provider", "model", "code"],
            registry=registry,
        )

        self.unknown = Gauge("darkroom_attempts_unknown", "Calls whose outcome is not known yet", registry=registry)
        self.unknown_oldest = Gauge(
            "darkroom_attempts_unknown_oldest_seconds", "Since the oldest such call was granted; 0 without one", registry=registry
        )
        self.strays = Counter(
            "darkroom_stray_predictions",
            "Paid predictions without a live attempt, by what showed them: answer, webhook, list",
            ["found_by"],
            registry=registry,
        )
        for found_by in ("answer", "webhook", "list"):
            self.strays.labels(found_by)  # an increase from nothing is seen only by a series that was there before
        self.strays_open = Gauge(
            "darkroom_stray_predictions_open", "Those that the provider has not been told to stop", registry=registry
        )

    def watched(self, found: Watched) -> None:
        """Take over what the tables say."""
        self.unknown.set(found.unknown)
        self.unknown_oldest.set(found.unknown_seconds)
        self.strays_open.set(found.strays)
        self.our_faults.clear()
        for fault in found.faults:
            self.our_faults.labels(provider=fault.provider, model=fault.model, code=fault.code).set(1)
        self.unserved.set(found.unserved)
        self.without_account.clear()
        for account, attempts in found.without_account.items():
            self.without_account.labels(account=account).set(attempts)

    def models(self, models: Sequence[ModelFigures]) -> None:
        """Count broken models, and the tenants that are slowed at a model."""
        self.models_broken.set(sum(one.open_seconds is not None for one in models))
        self.tenants_slowed.set(len({tenant.tenant for one in models for tenant in one.slowed}))

    def outcome(self, outcome: Outcome, *, provider: str, model: str) -> None:
        """Count how a creation ended. Models are rows of the catalogue, so their number is bounded."""
        match outcome:
            case Accepted():
                word = "created"
            case Refused():
                word = outcome.refusal.value
            case NotSent():
                word = "too-late" if outcome.too_late else "not-connected"
            case _:
                word = "unanswered"
        self.outcomes.labels(provider=provider, model=model, outcome=word).inc()
        if isinstance(outcome, Refused) and outcome.refusal is Refusal.THROTTLED:
            self.throttled.inc()
        if isinstance(outcome, NotSent) and outcome.too_late:
            self.burned.labels(reason="too-late").inc()

    def watch_rounds(self, provider: str, silent_seconds: Callable[[], float]) -> None:
        """Report at each scrape how long the provider's dispatcher has taken no turn: a value that cannot freeze."""
        self.silent_seconds.labels(provider=provider).set_function(silent_seconds)

    def no_figures(self) -> None:
        """Report nothing of the queue and the accounts while the limiter cannot be read, instead of how they stood before."""
        self.queue_length.set(math.nan)
        self.unmoved.set(math.nan)
        for gauge in (self.in_window, self.cap, self.in_force, self.stopped, self.in_flight, self.paused):
            gauge.clear()

    def figures(self, figures: Figures) -> None:
        """Take over how the queue stands."""
        self.queue_length.set(figures.length)
        self.unmoved.set(figures.unmoved_seconds if figures.length else 0.0)
        for one in figures.accounts:
            self.in_window.labels(account=one.account).set(one.granted)
            self.cap.labels(account=one.account).set(one.cap)
            self.in_force.labels(account=one.account).set(one.in_force)
            self.stopped.labels(account=one.account).set(one.stopped is not None)
            self.in_flight.labels(account=one.account).set(one.live)
            self.paused.labels(account=one.account).set(one.paused_seconds)

    def open_letters(self, found: Mapping[tuple[str, str], int]) -> None:
        """Take over how many dead letters are open, by service and kind; items are only predictor's."""
        for service in SERVICES:
            for kind in ("message", "item") if service == "predictor" else ("message",):
                self.dead_letters.labels(service=service, kind=kind).set(found.get((service, kind), 0))
