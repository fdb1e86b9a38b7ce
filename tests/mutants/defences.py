"""The defences that keep money, fairness and tenants safe: of each the patch that takes it out, and the tests that then fail.

The old text must stand in its file exactly once: a defence that was rewritten is to be found again here, not forgotten.
"""

from dataclasses import dataclass

PREDICTOR = "services/predictor/src/darkroom_predictor"
POLLER = "services/poller/src/darkroom_poller"
CREDITS = "services/credits/src/darkroom_credits"
JOBS_API = "services/jobs-api/src/darkroom_jobs_api"
NOTIFIER = "services/notifier/src/darkroom_notifier"
CONTRACTS = "contracts/src/darkroom_contracts"
KIT = "servicekit/src/darkroom_servicekit"


@dataclass(frozen=True, kw_only=True)
class Defence:
    """`file` with `old` replaced by `new` lacks the defence; then at least one of `tests` fails."""

    name: str
    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


DEFENCES: tuple[Defence, ...] = (
    Defence(
        name="attempt-row-before-the-call",
        why="a call whose process dies is known, because its row was committed before it left",
        file=f"{PREDICTOR}/attempt_store.py",
        old="extract(epoch FROM greatest(interval '0', clock_timestamp() - eligible_at))\n        FROM q\n",
        new="extract(epoch FROM greatest(interval '0', clock_timestamp() - eligible_at))\n        FROM q WHERE false\n",
        tests=("tests/predictor/integration/test_claims.py::test_an_item_is_claimed_once_whoever_was_granted_it",),
    ),
    Defence(
        name="epoch-checked-at-the-claim",
        why="a turn granted by a limiter that was lost since becomes no call: it is not in the new window",
        file=f"{PREDICTOR}/claim_turns.py",
        old="if not await epoch_is_current(",
        new="if False and not await epoch_is_current(",
        tests=(
            "tests/predictor/integration/test_claims.py::test_a_grant_of_a_limiter_that_was_rebuilt_since_cannot_become_an_attempt",
        ),
    ),
    Defence(
        name="claim-by-compare-and-set",
        why="an item that was granted twice is called once",
        file=f"{PREDICTOR}/attempt_store.py",
        old="AND state = 'QUEUED' ORDER BY item_id FOR UPDATE",
        new="ORDER BY item_id FOR UPDATE",
        tests=("tests/predictor/integration/test_claims.py::test_an_item_is_claimed_once_whoever_was_granted_it",),
    ),
    Defence(
        name="unanswered-call-looked-up",
        why="a call without an answer may have been paid for: the provider's list is asked before another one",
        file=f"{PREDICTOR}/record_outcomes.py",
        old="            await mark_unknown(transaction, unknown, look_up_seconds=times.every_seconds,"
        " settle_seconds=times.unanswered_seconds)\n",
        new="            failures += [Failure(attempt_id=one, code='provider-error', message=said, then=Then.RETRY)"
        " for one, said in unknown]\n",
        tests=(
            "tests/predictor/integration/test_how_calls_end.py::test_a_lost_answer_is_found_in_the_list_and_not_called_again",
        ),
    ),
    Defence(
        name="look-up-by-token",
        why="an attempt takes up the prediction with its own token, never another one's",
        file=f"{PREDICTOR}/look_up_rules.py",
        old='if one and hmac.compare_digest(token_digest(one.callback_token or ""), attempt.callback_token_sha256):',
        new="if one:",
        tests=("tests/predictor/unit/test_look_up_matches.py::test_id_and_token_must_both_be_right",),
    ),
    Defence(
        name="failure-of-a-live-attempt-only",
        why="a PredictionFailed that comes again, or late, ends no attempt that has ended already",
        file=f"{PREDICTOR}/attempt_store.py",
        old="WHERE a.id = w.id AND a.state IN {LIVE} AND (a.state <> 'CREATED' OR NOT w.never_made) AND q.item_id = a.item_id",
        new="WHERE a.id = w.id AND q.item_id = a.item_id",
        tests=("tests/predictor/integration/test_terminal_attempts.py",),
    ),
    Defence(
        name="send-deadline",
        why="a call that could arrive after its place in the window is not sent",
        file=f"{PREDICTOR}/providers/http_calls.py",
        old="if send_before is not None and monotonic() >= send_before:",
        new="if False and send_before is not None and monotonic() >= send_before:",
        tests=("tests/predictor/integration/test_http_calls.py::test_a_late_call_never_leaves",),
    ),
    Defence(
        name="sent-means-unknown",
        why="once a byte of a creation may have left, only the provider knows whether it was made",
        file=f"{PREDICTOR}/providers/http_calls.py",
        old='raise NoAnswer(f"no answer within',
        new='raise SentTooLate(f"no answer within',
        tests=(
            "tests/predictor/integration/test_calls_over_tls.py::"
            "test_whatever_happens_after_the_call_has_left_its_outcome_is_unknown",
        ),
    ),
    Defence(
        name="5xx-is-unknown",
        why="a proxy answers a 5xx, 503 too, after it has passed the creation on",
        file=f"{PREDICTOR}/providers/replicate.py",
        old="        return Refusal.BAD_INPUT\n    return None\n",
        new="        return Refusal.BAD_INPUT\n    return Refusal.PROVIDER_ERROR\n",
        tests=("tests/predictor/unit/test_replicate_answers.py",),
    ),
    Defence(
        name="call-has-a-total-time-limit",
        why="a peer that is silent, or drips its answer, holds no call for ever",
        file=f"{PREDICTOR}/providers/http_calls.py",
        old="async with asyncio.timeout(answer_seconds_max):",
        new="async with asyncio.timeout(None):",
        tests=("tests/predictor/integration/test_http_calls.py::test_a_dripping_answer_has_the_same_time_as_a_silent_one",),
    ),
    Defence(
        name="one-404-ends-nothing",
        why="a look-up may reach a copy of the provider's data that does not have a paid prediction yet",
        file=f"{POLLER}/poll_store.py",
        old="        misses >= :misses_min AND missing_since",
        new="        misses >= 1 OR missing_since",
        tests=("tests/poller/integration/test_missing_predictions.py::test_a_single_404_ends_nothing",),
    ),
    Defence(
        name="window-is-w-plus-d",
        why="the provider counts arrivals, we grants: between the two lies up to D",
        file=f"{PREDICTOR}/fair_queue.py",
        old="round((window_seconds + grant_seconds_max) * MICROSECONDS)",
        new="round(window_seconds * MICROSECONDS)",
        tests=("tests/predictor/integration/test_window_guard.py",),
    ),
    Defence(
        name="cap-is-an-exact-log",
        why="no window anywhere holds more grants than the cap, whatever the burst",
        file=f"{PREDICTOR}/account_rules.py",
        old="if len(self.log) >= cap:",
        new="if False and len(self.log) >= cap:",
        tests=("tests/predictor/unit/test_fair_turn_rules.py::test_no_window_has_more_grants_than_the_cap_and_no_time_is_lost",),
    ),
    Defence(
        name="virtual-clock-advances",
        why="a newcomer enters at the clock: one that stood still would let it overtake all who waited",
        file=f"{PREDICTOR}/rules.py",
        old="self.virtual = max(self.virtual, tenant.tag)\n        tenant.tag += step",
        new="tenant.tag += step",
        tests=("tests/predictor/unit/test_fair_turn_rules.py::test_idleness_banks_nothing",),
    ),
    Defence(
        name="virtual-clock-advances-in-the-script",
        why="the same, in the script that decides",
        file=f"{PREDICTOR}/fair_turn.lua",
        old="virtual = math.max(virtual, tag)\n            run =",
        new="run =",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="weight-honoured",
        why="a tenant of weight 4 gets four turns where one of weight 1 gets one",
        file=f"{PREDICTOR}/tenant_rules.py",
        old="return math.floor(UNIT / self.weight + 0.5)",
        new="return UNIT",
        tests=(
            "tests/predictor/unit/test_fair_turn_rules.py"
            "::test_backlogged_tenants_stay_within_one_item_per_unit_of_weight_from_a_common_start",
        ),
    ),
    Defence(
        name="weight-honoured-in-the-script",
        why="the same, in the script that decides",
        file=f"{PREDICTOR}/fair_state.lua",
        old="local function step_of(weight) return math.floor(UNIT / weight + 0.5) end",
        new="local function step_of(weight) return UNIT end",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="one-cut-a-round",
        why="the 429s of calls that left together are one piece of news, and cut the cap once",
        file=f"{PREDICTOR}/account_rules.py",
        old="if now_us >= self.cut_at + ROUND_US:",
        new="if now_us >= 0:",
        tests=("tests/predictor/unit/test_adapting.py::test_a_cut_comes_back_in_steps_and_only_after_a_calm_minute",),
    ),
    Defence(
        name="broken-models-held-aside",
        why="items of a model that fails wait apart, and delay nobody else's",
        file=f"{PREDICTOR}/fair_models.lua",
        old="if not models.open[model] and slowed_until <= now and not is_model_full(models, model) then return false end",
        new="do return false end",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="empty-jobs-dropped",
        why="a lane's outdated entry is passed over: its job has no items any more, or stands elsewhere",
        file=f"{PREDICTOR}/fair_state.lua",
        old="if standing == lane and current == number then",
        new="do",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="terms-caught-up-when-the-limiter-opens",
        why="a pause that was set while the limiter was being rebuilt was told to nobody, and holds all the same",
        file=f"{PREDICTOR}/limiter.py",
        old="        await self._catch_up_terms(epoch)\n",
        new="",
        tests=("tests/predictor/integration/test_terms.py::test_a_pause_set_while_the_limiter_is_rebuilt_holds_when_it_opens",),
    ),
    Defence(
        name="a-slow-probe-is-no-credit",
        why="an account that takes six calls a minute has still not been paid: its next calls would all be refused",
        file=f"{PREDICTOR}/heed_answers.py",
        old=" if probe and (left is None or left > LOW_CREDIT_PLACES_MAX):",
        new=" if probe and (left is None or left > -1):",
        tests=("tests/predictor/unit/test_heed_answers.py",),
    ),
    Defence(
        name="webhook-signature",
        why="a webhook that the provider did not sign says nothing",
        file=f"{POLLER}/receive_webhook.py",
        old="await self._signatures.check(headers, body)",
        new="pass",
        tests=("tests/poller/integration/test_webhooks.py::test_a_webhook_needs_the_signature_and_the_attempts_own_token",),
    ),
    Defence(
        name="token-on-the-webhook",
        why="a signed webhook counts for the attempt whose token its address carries, for no other",
        file=f"{POLLER}/record_progress.py",
        old='return same_token and report.body.get("id") == filed.prediction_id',
        new='return bool(report.body.get("id") == filed.prediction_id or same_token)',
        tests=("tests/poller/integration/test_webhooks.py::test_a_webhook_needs_the_signature_and_the_attempts_own_token",),
    ),
    Defence(
        name="prediction-ends-once",
        why="what contradicts an end that was recorded changes nothing",
        file=f"{POLLER}/record_progress.py",
        old='elif filed.state != "IN_FLIGHT" or report.attempt_id in taken:',
        new="elif report.attempt_id in taken:",
        tests=("tests/poller/integration/test_webhooks.py::test_repeated_late_and_contradicting_webhooks_change_nothing",),
    ),
    Defence(
        name="item-ends-once",
        why="an item that has ended is never left, counted or charged again",
        file=f"{JOBS_API}/jobs/progress_store.py",
        old="      AND items.status IN ('PENDING', 'RUNNING', 'PROCESSING')\n",
        new="",
        tests=("tests/jobs_api/integration/test_progress.py",),
    ),
    Defence(
        name="tenant-in-every-look-up",
        why="another tenant's job does not exist",
        file=f"{JOBS_API}/jobs/store.py",
        old='FIND = text(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = :job_id AND instance_id = :instance_id")',
        new='FIND = text(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = :job_id")',
        tests=("tests/jobs_api/integration/test_reading.py",),
    ),
    Defence(
        name="idempotency-key-in-the-jobs-transaction",
        why="two requests under one key make one job, also at the same moment",
        file=f"{JOBS_API}/idempotency/store.py",
        old="    if (await transaction.execute(INSERT, values)).one_or_none() is None:\n        raise KeyTaken(scope.key)",
        new="    await transaction.execute(INSERT, values)",
        tests=("tests/jobs_api/integration/test_idempotency.py::test_many_at_once_under_one_key_make_one_job",),
    ),
    Defence(
        name="inbox-drops-what-was-handled",
        why="every message comes twice: its effect comes once",
        file=f"{KIT}/handling.py",
        old="return [received for received in wanted if received.envelope.id in new]",
        new="return list(wanted)",
        tests=("tests/servicekit/integration/test_outbox_and_consumer.py::test_what_comes_twice_has_its_effect_once",),
    ),
    Defence(
        name="an-outage-is-no-poison",
        why="a message that met a starting database is tried again, not given up",
        file=f"{KIT}/outages.py",
        old="return state in PASSING_STATES or state[:2] in PASSING_CLASSES",
        new="return state in PASSING_STATES",
        tests=("tests/servicekit/unit/test_outages.py",),
    ),
    Defence(
        name="offset-after-the-effects",
        why="a message whose handling died is read again",
        file=f"{KIT}/consumer.py",
        old="        with self._metrics.batch_seconds.time():\n            await self._isolation.settle(records)\n",
        new="        assert self._consumer is not None\n"
        "        await self._consumer.commit({one: found[one][-1].offset + 1 for one in found})\n"
        "        await self._isolation.settle(records)\n",
        tests=("tests/servicekit/integration/test_outbox_and_consumer.py::test_an_offset_is_committed_only_after_the_effects",),
    ),
    Defence(
        name="event-in-the-transaction",
        why="an event is sent when its change commits, and only then",
        file=f"{KIT}/database.py",
        old="        if rows:\n            await write_outbox(self.connection, rows)\n",
        new="        if rows:\n            async with self.connection.engine.begin() as other:\n"
        "                await write_outbox(other, rows)\n",
        tests=("tests/servicekit/integration/test_atomic_events.py",),
    ),
    Defence(
        name="marked-sent-after-sending",
        why="a relay that dies while sending sends again",
        file=f"{KIT}/outbox.py",
        old="            if rows:\n                await self._send(connection, rows)\n",
        new="            if rows:\n"
        '                await connection.execute(MARK, {"sequences": [row.sequence for row in rows]})\n'
        "                await self._send(connection, rows)\n",
        tests=("tests/servicekit/integration/test_atomic_events.py",),
    ),
    Defence(
        name="one-reservation-per-job",
        why="a job that is asked for twice holds its credits once",
        file=f"{CREDITS}/bookkeeping.py",
        old="if request.job_id in books.reservations:",
        new="if False and request.job_id in books.reservations:",
        tests=("tests/credits/integration/test_books.py::test_a_job_is_decided_once_even_when_it_could_be_paid_later",),
    ),
    Defence(
        name="item-settled-once",
        why="an item is charged once, whatever is told again",
        file=f"{CREDITS}/bookkeeping.py",
        old="    if key in books.settled_items:\n        return None\n",
        new="",
        tests=("tests/credits/unit/test_bookkeeping.py::test_an_item_is_settled_once",),
    ),
    Defence(
        name="balance-locked-before-a-decision",
        why="two jobs at once cannot hold the same credit",
        file=f"{CREDITS}/current_accounts.py",
        old="ORDER BY instance_id FOR UPDATE",
        new="ORDER BY instance_id",
        tests=(
            "tests/credits/integration/test_books.py::test_sixty_four_jobs_at_once_with_credits_for_seven_start_exactly_seven",
        ),
    ),
    Defence(
        name="no-balance-below-zero",
        why="the database itself refuses a negative balance, whatever the code believes",
        file="services/credits/migrations/versions/0001_initial.py",
        old="available         bigint NOT NULL DEFAULT 0 CHECK (available >= 0),",
        new="available         bigint NOT NULL DEFAULT 0,",
        tests=("tests/credits/integration/test_books.py::test_no_balance_can_be_written_below_zero",),
    ),
    Defence(
        name="stripe-signature",
        why="credits come for what Stripe signed, not for what anybody posts",
        file=f"{CREDITS}/payments/signature.py",
        old="    if not any(fits):\n",
        new="    if False and not any(fits):\n",
        tests=("tests/credits/unit/test_signature.py::test_a_changed_body_time_or_secret_is_forged",),
    ),
    Defence(
        name="stripe-event-once",
        why="an event of Stripe that comes again changes nothing, for ever",
        file=f"{CREDITS}/payments/take_webhook.py",
        old='outcome = await self._apply(transaction, event, created) if new else "repeated"',
        new="outcome = await self._apply(transaction, event, created)",
        tests=(
            "tests/credits/integration/test_payments.py"
            "::test_an_event_counts_once_for_ever_and_a_second_event_of_the_payment_changes_nothing",
        ),
    ),
    Defence(
        name="signed-token",
        why="the tenant comes from a token that we signed",
        file=f"{KIT}/auth.py",
        old="if not signed_by_any(self._wix_secrets, payload.encode(), _only_base64url(signature)):",
        new="if False and not signed_by_any(self._wix_secrets, payload.encode(), _only_base64url(signature)):",
        tests=("tests/servicekit/unit/test_auth.py::test_a_changed_payload_or_signature_or_foreign_key_is_refused",),
    ),
    Defence(
        name="stopped-item-not-tried-again",
        why="an attempt that fails after its job was stopped is the item's last one",
        file=f"{PREDICTOR}/items.py",
        old="    if item.stopped_by is not None:\n        return Stop()\n",
        new="",
        tests=(
            "tests/predictor/integration/test_cancel.py::test_at_the_provider_it_is_stopped_there_and_the_providers_word_decides",
        ),
    ),
    Defence(
        name="stopped-is-no-models-failure",
        why="predictions that a shop had stopped do not break their model for everybody",
        file=f"{PREDICTOR}/fail_attempts.py",
        old=" and not self.ours and item.stopped_by is None",
        new=" and not self.ours",
        tests=("tests/predictor/integration/test_cancel.py::test_a_prediction_that_we_had_stopped_says_nothing_of_its_model",),
    ),
    Defence(
        name="stopped-job-asks-for-nothing",
        why="no item of a job is asked for after the job was stopped",
        file=f"{JOBS_API}/jobs/decision_store.py",
        old="items_released < items_total AND finished_at IS NULL AND cancel_requested_at IS NULL",
        new="items_released < items_total AND finished_at IS NULL",
        tests=("tests/jobs_api/integration/test_cancel_and_retry.py::test_nothing_more_of_a_stopped_job_is_asked_for",),
    ),
    Defence(
        name="redriven-for-what-was-paid",
        why="an item whose credits were kept is made again for nothing",
        file=f"{JOBS_API}/jobs/lineage.py",
        old="return max(0, _sold_at(tries, failed) - max(0, kept))",
        new="return _sold_at(tries, failed)",
        tests=("tests/jobs_api/integration/test_redriven.py",),
    ),
    Defence(
        name="letter-redriven-once",
        why="a dead letter that is being tried again, or was, is not tried again by another redrive",
        file=f"{PREDICTOR}/letters/store_redrives.py",
        old="state = 'open' AND (CAST(:ids",
        new="state <> 'dropped' AND (CAST(:ids",
        tests=(
            "tests/predictor/integration/test_dead_letters.py"
            "::test_items_out_of_attempts_are_listed_with_their_history_and_redriven_job_by_job",
        ),
    ),
    Defence(
        name="paused-tenant-rests",
        why="from the next turn on nothing of a paused tenant is started",
        file=f"{PREDICTOR}/fair_controls.lua",
        old="if paused == '1' then rest(tenant, NEVER) else wake(tenant, virtual) end",
        new="wake(tenant, virtual)",
        tests=("tests/predictor/integration/test_script_is_the_model.py::test_script_and_model_grant_the_same",),
    ),
    Defence(
        name="look-ups-have-a-share-per-tenant",
        why="a shop whose names are never answered uses up its own look-ups, not those of other shops",
        file=f"{KIT}/resolver.py",
        old="share = self._shares.setdefault(asker, _Share())",
        new='share = self._shares.setdefault(asker := "", _Share())',
        tests=(
            "tests/jobs_api/integration/test_slow_names.py"
            "::test_jobs_of_other_shops_are_taken_while_one_shop_posts_names_that_never_answer",
        ),
    ),
    Defence(
        name="name-not-looked-up-is-a-503",
        why="an address whose host could not be looked up may be good: the client is told to try again, not that it is wrong",
        file=f"{JOBS_API}/jobs/picture_addresses.py",
        old="found.not_looked_up.extend(",
        new="found.refused.extend(",
        tests=(
            "tests/jobs_api/integration/test_slow_names.py::test_a_name_that_could_not_be_looked_up_is_a_503_that_names_the_field",
        ),
    ),
    Defence(
        name="account-by-name",
        why="an account is known by its token, not by its place: removing another token gives it no second cap",
        file=f"{KIT}/provider_accounts.py",
        old="        name = given.strip() if separator else digest_name(provider, token)\n",
        new='        name = given.strip() if separator else f"{provider}-{place}"\n',
        tests=(
            "tests/servicekit/unit/test_provider_accounts.py::test_removing_and_reordering_tokens_keeps_every_other_name",
            "tests/predictor/integration/test_account_names.py::test_a_removed_token_takes_nothing_of_the_others_with_it",
        ),
    ),
    Defence(
        name="attempts-without-a-token-are-kept",
        why="an attempt nobody can ask about may be paid for: it is not given up and bought again",
        file=f"{PREDICTOR}/life_store.py",
        old=" AND a.account = ANY(CAST(:accounts AS text[]))\n",
        new="\n",
        tests=(
            "tests/predictor/integration/test_account_names.py::test_an_attempt_of_an_account_without_a_token_is_kept_and_shown",
        ),
    ),
    Defence(
        name="breaker-counts-tenants",
        why="one shop's failing pictures do not close the model for all others",
        file=f"{PREDICTOR}/breaker_rules.py",
        old="by_tenants = len(self.failing) >= rule.tenants and sum(self.failing.values()) >= rule.failures",
        new='by_tenants = self.failures.get("run", 0) >= rule.failures',
        tests=("tests/predictor/unit/test_bad_weather.py",),
    ),
    Defence(
        name="breaker-counts-tenants-in-the-script",
        why="the script that all replicas share counts tenants too",
        file=f"{PREDICTOR}/fair_news.lua",
        old="return #counts >= rule.tenants and sum >= rule.failures",
        new="return tonumber(call('HGET', breaker_of(model), 'run') or 0) >= rule.failures",
        tests=("tests/predictor/integration/test_failing_tenants.py", "tests/predictor/integration/test_script_is_the_model.py"),
    ),
    Defence(
        name="own-failures-count-against-nobody",
        why="an output that we could not fetch or store does not close a model or slow a shop",
        file=f"{PREDICTOR}/events.py",
        old='ours=received.event.fault == "platform",',
        new="ours=False,",
        tests=("tests/predictor/integration/test_failing_tenants.py::test_failures_of_our_own_count_against_nobody",),
    ),
    Defence(
        name="trial-goes-round",
        why="the trials of an open model go round: no tenant's failing pictures take them all",
        file=f"{PREDICTOR}/breaker_rules.py",
        old="self.held[tenant].look_at = max(now_us, self.slowed_until(tenant))",
        new="self.held[tenant].look_at = self.slowed_until(tenant)",
        tests=("tests/predictor/unit/test_bad_weather.py",),
    ),
    Defence(
        name="failing-tenant-slowed",
        why="a shop whose pictures fail has one trial after each pause, and does not buy failures at full speed",
        file=f"{PREDICTOR}/fair_models.lua",
        old="if not models.open[model] and slowed_until <= now and not is_model_full(models, model) then return false end",
        new="if not models.open[model] and not is_model_full(models, model) then return false end",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="no-work-before-the-schema-fits",
        why="new code on an old schema fails at every event: it consumes, relays and calls nobody before the migrations have run",
        file=f"{KIT}/runtime.py",
        old="            await self.schema.wait()\n",
        new="",
        tests=("tests/servicekit/integration/test_schema_gate.py::test_no_work_is_done_before_the_schema_is_new_enough",),
    ),
    Defence(
        name="a-schema-that-does-not-fit-is-waited-for",
        why="events that come while the schema is older wait for it instead of becoming dead letters",
        file=f"{KIT}/database.py",
        old="if self._schema is not None and await self._schema.explains(error):",
        new="if False:",
        tests=(
            "tests/credits/integration/test_schema_gate.py"
            "::test_a_requested_job_waits_while_the_schema_is_older_and_is_decided_afterwards",
        ),
    ),
    Defence(
        name="a-newer-schema-fits",
        why="old replicas serve until new ones are up: an additive migration makes nobody unready",
        file=f"{KIT}/schema.py",
        old="schema.revision is None or schema.revision < code",
        new="schema.revision != code",
        tests=("tests/servicekit/integration/test_schema_gate.py::test_code_goes_on_while_the_schema_is_newer",),
    ),
    Defence(
        name="one-migration-run-at-a-time",
        why="two migration jobs at once wait for one another, from the first migration to the last",
        file=f"{KIT}/alembic/env.py",
        old="        await take_lock(connection)\n",
        new="",
        tests=("tests/servicekit/integration/test_migrations.py",),
    ),
    Defence(
        name="clock-step-forward-refused",
        why="the limiter's clock follows Redis' only as far as the callers' watches confirm: a step forward is no second cap",
        file=f"{PREDICTOR}/fair_state.lua",
        old="math.min(time - read_state('ahead'), (reading or kept) + SLACK)",
        new="time - read_state('ahead')",
        tests=("tests/predictor/integration/test_limiter_clock.py::test_whenever_the_clock_is_set_each_minute_has_one_cap",),
    ),
    Defence(
        name="own-log-given-back",
        why="a turn that came to nothing does not count for its tenant's own cap",
        file=f"{PREDICTOR}/rules.py",
        old="tenant.own_log = [one for one in tenant.own_log if one[1] != attempt]",
        new="tenant.own_log = list(tenant.own_log)",
        tests=(
            "tests/predictor/unit/test_fair_turn_rules.py::test_turns_that_came_to_nothing_do_not_count_for_a_tenants_own_cap",
        ),
    ),
    Defence(
        name="own-log-given-back-in-the-script",
        why="the same, in the script that decides",
        file=f"{PREDICTOR}/fair_turn.lua",
        old="if call('ZREM', own_log(tenant), attempt) == 0 then return false end",
        new="do return false end",
        tests=("tests/predictor/integration/test_script_is_the_model.py::test_script_and_model_grant_the_same",),
    ),
    Defence(
        name="lost-log-closes",
        why="a log of calls that Redis has lost is no room for a second cap: the limiter closes until it is rebuilt",
        file=f"{PREDICTOR}/fair_turn.lua",
        old="    if lost then return close() end\n",
        new="",
        tests=("tests/predictor/integration/test_lost_keys.py::test_what_counts_the_calls_is_never_missed_in_silence",),
    ),
    Defence(
        name="rebuild-fenced-by-the-epoch",
        why="a replica that was frozen in a rebuild opens nothing when it wakes: another has opened a later epoch",
        file=f"{PREDICTOR}/fair_controls.lua",
        old="if tonumber(epoch) > current and BUILDING[operation] then",
        new="if BUILDING[operation] then",
        tests=(
            "tests/predictor/integration/test_rebuild_lease.py"
            "::test_a_replica_that_freezes_in_a_rebuild_holds_nobody_up_and_harms_nothing_when_it_wakes",
        ),
    ),
    Defence(
        name="rebuild-lease-runs-out",
        why="a replica that was frozen in a rebuild holds the others up no longer than its lease",
        file=f"{PREDICTOR}/rebuild_lease.py",
        old="    WHERE l.expires_at < clock_timestamp()\n",
        new="    WHERE l.expires_at = '-infinity'\n",
        tests=(
            "tests/predictor/integration/test_rebuild_lease.py"
            "::test_a_replica_that_freezes_in_a_rebuild_holds_nobody_up_and_harms_nothing_when_it_wakes",
        ),
    ),
    Defence(
        name="rebuild-doubts-a-stepped-clock",
        why="a rebuilt limiter does not take calls of the last minute for old because the database's clock was set forward",
        file=f"{PREDICTOR}/limiter.py",
        old="doubt_seconds=held.doubt_seconds",
        new="doubt_seconds=0.0",
        tests=(
            "tests/predictor/integration/test_rebuild_lease.py"
            "::test_a_database_whose_clock_was_set_forward_gives_no_second_cap_to_a_rebuilt_limiter",
        ),
    ),
    Defence(
        name="failing-batch-bisected",
        why="one bad message among hundreds costs a few transactions, and hundreds of bad ones end",
        file=f"{KIT}/isolation.py",
        old="middle = len(part) // 2",
        new="middle = 1",
        tests=("tests/servicekit/integration/test_set_aside_messages.py::test_a_failing_message_is_found_by_halves",),
    ),
    Defence(
        name="letter-filed-once",
        why="a batch that is read again files and announces nothing twice",
        file=f"{KIT}/dead_letters.py",
        old='f"{service}/{record.topic}/{record.partition}/{record.offset}"',
        new='f"{service}/{record.topic}/{record.partition}/{record.offset}/{datetime.now(UTC)}"',
        tests=(
            "tests/servicekit/integration/test_set_aside_messages.py"
            "::test_a_batch_that_is_read_again_files_and_announces_nothing_twice",
        ),
    ),
    Defence(
        name="unsendable-row-set-aside",
        why="a row that Kafka refuses is not tried for ever, and those of its key go on",
        file=f"{KIT}/outbox.py",
        old="TRY_AGAIN_SECONDS[count - 1] if count < TRIES_MAX else None",
        new="TRY_AGAIN_SECONDS[0]",
        tests=(
            "tests/servicekit/integration/test_set_aside_rows.py"
            "::test_a_row_that_cannot_be_sent_is_set_aside_and_the_others_are_sent_once",
        ),
    ),
    Defence(
        name="rows-of-a-refused-key-wait",
        why="events of a tenant keep their order also while Kafka refuses one of them",
        file=f"{KIT}/outbox.py",
        old="AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.topic = o.topic AND w.key = o.key)",
        new="AND (try_after IS NULL OR try_after <= clock_timestamp())",
        tests=(
            "tests/servicekit/integration/test_set_aside_rows.py"
            "::test_rows_of_the_same_key_wait_until_the_refused_one_is_set_aside",
        ),
    ),
    Defence(
        name="newer-version-filed",
        why="an event of a version that a service does not know yet is not lost for it",
        file=f"{KIT}/reading.py",
        old="if newest is not None and (version > newest or type_name not in EVENTS_BY_TYPE):",
        new="if False and newest is not None and version > newest:",
        tests=(
            "tests/servicekit/integration/test_set_aside_messages.py"
            "::test_a_newer_version_of_a_handled_event_is_set_aside_and_an_unknown_type_is_counted",
        ),
    ),
    Defence(
        name="slow-statement-is-no-endless-outage",
        why="one message whose statement is always too slow does not hold up all others",
        file=f"{KIT}/outages.py",
        old='return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == STATEMENT_CANCELED',
        new="return False",
        tests=(
            "tests/servicekit/integration/test_set_aside_messages.py::test_what_only_looks_like_an_outage_is_found_and_set_aside",
        ),
    ),
    Defence(
        name="nobody-is-written-to-about-old-events",
        why="a log that is read anew from its beginning sends no e-mails about what happened years ago",
        file=f"{NOTIFIER}/inbox/record_notifications.py",
        old="if key in filed - old and",
        new="if key in filed and",
        tests=(
            "tests/notifier/integration/test_people_are_told.py::test_an_event_of_years_ago_is_filed_and_nobody_is_written_to",
        ),
    ),
    Defence(
        name="customer-message-clean",
        why="a customer reads our own words: no address, exception, token or vendor text",
        file=f"{PREDICTOR}/fail_attempts.py",
        old="        message=customer_words(failure.code),\n        detail=operator_detail(failure.message),\n        reached",
        new="        message=failure.message,\n        detail=operator_detail(failure.message),\n        reached",
        tests=(
            "tests/predictor/integration/test_what_customers_read.py::test_a_closed_port_is_told_in_our_own_words",
            "tests/predictor/integration/test_what_customers_read.py::test_a_server_error_with_a_page_is_told_in_our_own_words",
        ),
    ),
    Defence(
        name="callback-token-hidden",
        why="whoever knows an attempt's callback token can end it: a refusal that repeats it shows it to nobody",
        file=f"{KIT}/operator_detail.py",
        old="    for secret in (CALLBACK_TOKEN, BEARER_TOKEN):\n",
        new="    for secret in (BEARER_TOKEN,):\n",
        tests=(
            "tests/predictor/integration/test_what_customers_read.py::"
            "test_a_refusal_that_repeats_the_webhook_shows_its_token_to_nobody",
        ),
    ),
    Defence(
        name="own-fault-422-closes-the-model",
        why="a refusal of what we fill in ourselves fails no waiting picture: the model is closed and its items are kept",
        file=f"{PREDICTOR}/judge_refusals.py",
        old="ours = outcome.refusal in OURS or is_our_fault(outcome.fields, item.caller_fields)\n",
        new="ours = outcome.refusal in OURS\n",
        tests=(
            "tests/predictor/integration/test_own_faults.py::"
            "test_a_refused_constant_of_ours_closes_the_model_until_it_is_mended_and_fails_no_item",
        ),
    ),
    Defence(
        name="authorities-of-the-surroundings",
        why="a provider behind a private authority is reached by whoever names that authority in SSL_CERT_FILE",
        file=f"{KIT}/tls.py",
        old="context = ssl.create_default_context()",
        new="context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        tests=("tests/sandbox/integration/test_our_clients_over_tls.py::test_credits_ask_stripe",),
    ),
    Defence(
        name="stray-predictions-are-cancelled",
        why="a paid prediction without a live attempt is counted and stopped, not dropped in silence",
        file=f"{PREDICTOR}/stray_store.py",
        old="    WHERE a.state NOT IN ('CALLING', 'UNKNOWN') AND",
        new="    WHERE false AND",
        tests=(
            "tests/predictor/integration/test_stray_predictions.py::"
            "test_a_webhook_of_a_failed_attempt_of_ours_is_counted_and_its_prediction_cancelled",
        ),
    ),
    Defence(
        name="a-job-keeps-its-input",
        why="what a job was accepted with is what the provider is asked for, whatever the catalogue has become",
        file=f"{JOBS_API}/jobs/release_items.py",
        old="template = product.input if job.input_template is None else job.input_template",
        new="template = product.input",
        tests=(
            "tests/jobs_api/integration/test_frozen_input.py"
            "::test_a_change_of_the_row_between_the_request_and_the_decision_changes_nothing",
        ),
    ),
    Defence(
        name="a-broken-job-stops-no-other",
        why="a job whose items cannot be asked for is set aside: it does not stop the release of every tenant's items",
        file=f"{JOBS_API}/jobs/release_items.py",
        old="        except Exception as error:  # whatever is wrong with one job must not stop the release of all others",
        new="        except ZeroDivisionError as error:",
        tests=(
            "tests/jobs_api/integration/test_frozen_input.py"
            "::test_a_job_that_cannot_be_released_stops_no_other_and_goes_on_once_the_row_is_mended",
        ),
    ),
    Defence(
        name="forgetting-is-bounded",
        why="old rows are deleted in batches that commit by themselves: one large DELETE hits its time limit and is undone",
        file=f"{KIT}/housekeeping.py",
        old="        limit = BATCH_ROWS if rows_max is None else min(BATCH_ROWS, rows_max)\n",
        new="        limit = 10**9\n",
        tests=(
            "tests/servicekit/integration/test_housekeeping.py"
            "::test_a_batch_is_a_transaction_of_its_own_and_what_fails_later_undoes_nothing",
        ),
    ),
    Defence(
        name="forgetting-goes-on-until-none-is-left",
        why="old rows are deleted as fast as they come, not one batch for each look",
        file=f"{KIT}/housekeeping.py",
        old="        if looked_through < limit:\n            return\n",
        new="        return\n",
        tests=("tests/servicekit/integration/test_housekeeping.py::test_sent_rows_go_in_batches_past_rows_that_were_not_sent",),
    ),
    Defence(
        name="a-slow-mail-server-holds-no-message",
        why="a mail server that is slow in every reply outlasts no lease: the message would be sent a second time meanwhile",
        file=f"{NOTIFIER}/channels/smtp.py",
        old="            async with asyncio.timeout(SEND_SECONDS_MAX):\n",
        new="            async with asyncio.timeout(None):\n",
        tests=("tests/notifier/unit/test_smtp_total_time.py::test_a_server_that_drips_its_replies_holds_no_message_for_ever",),
    ),
    Defence(
        name="counts-written-when-a-call-ends",
        why="the clock and the counts that a call of the script has changed are written when it ends",
        file=f"{PREDICTOR}/fair_turn.lua",
        old="    save_changes()\n",
        new="",
        tests=("tests/predictor/integration/test_lost_keys.py", "tests/predictor/integration/test_script_is_the_model.py"),
    ),
    Defence(
        name="full-models-held-aside",
        why="a model that hangs fills its own slots and no more: what other models have to do goes on",
        file=f"{PREDICTOR}/fair_models.lua",
        old="if not models.open[model] and slowed_until <= now and not is_model_full(models, model) then return false end",
        new="if not models.open[model] and slowed_until <= now then return false end",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="slots-of-a-model-come-back",
        why="a model's slot is free again when its attempt has ended",
        file=f"{PREDICTOR}/fair_slots.lua",
        old="if call('HINCRBY', running_models, model, -1) <= 0 then call('HDEL', running_models, model) end",
        new="",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="slots-of-a-model-in-the-fair-order",
        why="a freed slot of a full model goes to the shop that is next in the fair order, not to the first by name",
        file=f"{PREDICTOR}/fair_models.lua",
        old="if tag[one] ~= tag[other] then return tag[one] < tag[other] end",
        new="",
        tests=("tests/predictor/integration/test_script_is_the_model.py",),
    ),
    Defence(
        name="bounds-of-models-outlive-redis",
        why="a rebuilt limiter knows the bounds of models and what they have in flight",
        file=f"{PREDICTOR}/limiter.py",
        old="        await self._queue.set_model_slots(epoch, await self._limits.of_models(), order=held.token)\n",
        new="",
        tests=("tests/predictor/integration/test_limits_and_answers.py", "tests/predictor/integration/test_lost_keys.py"),
    ),
    Defence(
        name="surplus-sessions-are-closed",
        why="a session costs PostgreSQL up to 7 MB: those that a burst opened end when they are not needed",
        file=f"{KIT}/runtime.py",
        old='        self.loop("surplus sessions", surplus.run)\n',
        new="",
        tests=("tests/servicekit/integration/test_surplus_sessions.py::test_a_service_closes_its_own_surplus",),
    ),
    Defence(
        name="the-session-used-last-is-used-next",
        why="handed out in turn, all sessions of a burst stay in use and none becomes surplus",
        file=f"{KIT}/database.py",
        old="        pool_use_lifo=True,",
        new="        pool_use_lifo=False,",
        tests=(
            "tests/servicekit/integration/test_surplus_sessions.py"
            "::test_sessions_of_a_burst_are_closed_and_the_one_in_regular_use_stays",
        ),
    ),
    Defence(
        name="loops-ask-once-for-the-schema",
        why="all loops of a service wait for its schema at the start: each asking for itself would open a session",
        file=f"{KIT}/schema.py",
        old="        async with self._waiting:\n",
        new="        if True:\n",
        tests=(
            "tests/servicekit/integration/test_surplus_sessions.py"
            "::test_waiting_for_the_schema_takes_one_session_however_many_wait",
        ),
    ),
    Defence(
        name="surplus-is-what-still-rests",
        why="a session that was taken while another one was being closed is not surplus any more",
        file=f"{KIT}/surplus_sessions.py",
        old="            if self._resting.get(entry, oldest) < oldest:\n                del self._resting[entry]\n",
        new="            if self._resting.pop(entry, None):\n",
        tests=(
            "tests/servicekit/integration/test_surplus_sessions.py"
            "::test_whoever_takes_a_session_while_it_is_being_closed_gets_another",
        ),
    ),
    Defence(
        name="old-events-are-read-without-vendor-words",
        why="an event of an older version is read without what an outside system said, by every reader",
        file=f"{CONTRACTS}/jobs.py",
        old="    error: CustomerText | None = None\n    told_again",
        new="    error: str | None = None\n    told_again",
        tests=(
            "tests/notifier/unit/test_frames.py::test_what_older_versions_heard_from_outside_is_in_no_frame",
            "tests/notifier/unit/test_telling_rules.py::test_what_older_versions_heard_from_outside_is_in_no_notification",
        ),
    ),
    Defence(
        name="a-dropped-message-is-deleted-where-it-is-kept",
        why="what an operator drops does not stay in the table of the service that failed at it",
        file=f"{PREDICTOR}/letters/drop.py",
        old="    if kept_by_service:\n        publish_dropped(transaction, [letter])\n",
        new="",
        tests=(
            "tests/predictor/integration/test_dead_letters.py::test_a_dropped_message_is_dropped_by_the_service_that_kept_it",
        ),
    ),
    Defence(
        name="dead-letters-are-forgotten",
        why="messages that nobody decides on do not fill the tables of the services",
        file=f"{KIT}/runtime.py",
        old='        self.forget("own dead letters", forget_old, every_seconds=FORGET_LETTERS_SECONDS)\n',
        new="",
        tests=(
            "tests/servicekit/integration/test_set_aside_messages.py"
            "::test_messages_that_were_kept_for_long_are_deleted_by_their_service",
        ),
    ),
    Defence(
        name="every-prediction-of-a-batch-is-seen",
        why="of two predictions that webhooks of one attempt tell of, the second is paid for and must be cancelled",
        file=f"{PREDICTOR}/hear_of_predictions.py",
        old="            seen = list(dict.fromkeys(_seen(one.event) for one in batch if one.event.provider == provider))\n",
        new="            seen = list({one.event.attempt_id: _seen(one.event) for one in batch}.values())\n",
        tests=(
            "tests/predictor/integration/test_stray_predictions.py"
            "::test_each_prediction_that_webhooks_of_one_attempt_tell_of_is_cancelled_when_they_come_in_one_batch",
        ),
    ),
    Defence(
        name="encrypted-bytes-are-cut-off-too",
        why="a request that the TLS layer has encrypted and the transport has not written is late all the same",
        file=f"{PREDICTOR}/providers/http_calls.py",
        old=" or self._plain.get_write_buffer_size():",
        new=":",
        tests=(
            "tests/predictor/integration/test_calls_over_tls.py"
            "::test_a_body_that_does_not_leave_in_time_is_cut_off_although_it_is_encrypted",
        ),
    ),
    Defence(
        name="any-header-name-is-read",
        why="one foreign message whose header's name is no text does not stop its partition for ever",
        file=f"{KIT}/runtime.py",
        old="        accept_any_header_name()\n",
        new="",
        tests=(
            "tests/servicekit/integration/test_set_aside_messages.py"
            "::test_a_header_name_that_is_no_text_is_one_dead_letter_and_the_partition_goes_on",
        ),
    ),
    Defence(
        name="young-staged-objects-stay",
        why="an output that a prediction still needs is not swept with those that nobody collected",
        file=f"{KIT}/storage.py",
        old=' if one["last_modified"] < before]',
        new="]",
        tests=("tests/servicekit/integration/test_s3_storage.py::test_old_objects_of_a_folder_are_deleted_and_nothing_else",),
    ),
    Defence(
        name="sent-rows-are-not-read-again",
        why="a busy outbox is read in order; each batch does not go through all rows that were sent since the last vacuum",
        file=f"{KIT}/outbox.py",
        old='    "SET enable_bitmapscan = off",\n',
        new="",
        tests=("tests/servicekit/integration/test_relay_session.py",),
    ),
    Defence(
        name="the-relays-session-stays-its-own",
        why="a session with the relay's time-out for frozen processes is not used for anything else",
        file=f"{KIT}/outbox.py",
        old="                await connection.invalidate()\n",
        new="                pass\n",
        tests=("tests/servicekit/integration/test_relay_session.py",),
    ),
    Defence(
        name="a-failed-group-ends-no-loop",
        why="a task group that fails leaves its task counted as being cancelled; a loop goes on all the same, and polls for ever",
        file=f"{KIT}/loops.py",
        old="                _forget_cancellations()\n",
        new="                if (task := asyncio.current_task()) and task.cancelling():\n                    return\n",
        tests=("tests/servicekit/unit/test_loops.py",),
    ),
    Defence(
        name="given-back-is-not-paid-for",
        why="an item whose credits an operator gave back is redriven at its price, not for nothing",
        file=f"{JOBS_API}/events.py",
        old="        .on(CreditsReimbursed, on_credits_reimbursed)\n",
        new="",
        tests=("tests/jobs_api/integration/test_sold_once.py::test_what_was_given_back_is_redriven_for_its_price",),
    ),
    Defence(
        name="pictures-are-locked-before-they-are-sold-again",
        why="two who try the same failed picture again at the same time buy it once",
        file=f"{JOBS_API}/jobs/lineage_store.py",
        old="    await transaction.execute(LOCK, ids)\n",
        new="",
        tests=("tests/jobs_api/integration/test_sold_once.py::test_presses_at_the_same_time_make_one_job",),
    ),
    Defence(
        name="accounts-are-cut-at-a-line",
        why="a line that is written late, by a slow clock, is in the next close and makes no difference",
        file=f"{CREDITS}/close/lines.py",
        old="own.id > coalesce(cut.transaction_id, 0)",
        new="own.created_at >= coalesce((SELECT until FROM closes WHERE id = cut.close_id), '-infinity')",
        tests=("tests/credits/integration/test_close.py::test_a_line_that_is_written_late_is_the_next_closes_and_no_difference",),
    ),
    Defence(
        name="new-terms-without-periods",
        why="a new version of a plan without periods reaches its tenants, those that nobody ever put on a plan too",
        file=f"{CREDITS}/current_accounts.py",
        old="account.renews_at is None and version_sold is not None and account.plan_version < version_sold",
        new="False",
        tests=(
            "tests/credits/integration/test_time.py::test_a_plan_that_gets_an_allowance_begins_its_periods_with_that_version",
        ),
    ),
    Defence(
        name="values-are-counted-before-the-rules",
        why="a megabyte of empty objects is refused in milliseconds; no model builds an error for each of them",
        file=f"{KIT}/request_body.py",
        old="            if total > VALUES_MAX:",
        new="            if False:",
        tests=("tests/servicekit/unit/test_request_body.py",),
    ),
    Defence(
        name="pictures-are-counted-before-the-rules",
        why="330,000 pictures are refused by their number, before each of them is looked at",
        file=f"{JOBS_API}/jobs/submission.py",
        old="    if isinstance(images, list) and len(images) > product.images_max:",
        new="    if False:",
        tests=("tests/jobs_api/integration/test_refusals.py::test_what_is_no_json_request_is_refused",),
    ),
    Defence(
        name="every-principal-is-limited",
        why="the request limit counts at all five services: whoever is over it at one is over it at all",
        file=f"{KIT}/runtime.py",
        old="= limited(bearer_principal(self.authenticator), limiter)",
        new="= bearer_principal(self.authenticator)",
        tests=("tests/contract/test_edges.py::test_every_principals_request_counts_and_nothing_else_does",),
    ),
    Defence(
        name="operators-keys-cannot-collide",
        why="tenant a with key b:c and tenant a:b with key c each get their own grant",
        file=f"{CREDITS}/once_key.py",
        old='f"operator/{len(instance_id)}/{instance_id}/{key}"',
        new='f"operator:{instance_id}:{key}"',
        tests=(
            "tests/credits/integration/test_edges.py::test_two_tenants_whose_ids_and_keys_run_into_one_another_get_both_grants",
        ),
    ),
    Defence(
        name="a-former-key-is-the-tenants-own",
        why="an old row whose text fits by chance belongs to its own tenant, and answers nobody else",
        file=f"{CREDITS}/store_grants.py",
        old=" AND instance_id = :instance ORDER BY id LIMIT 1",
        new=" ORDER BY id LIMIT 1",
        tests=("tests/credits/integration/test_edges.py::test_a_grant_and_a_correction_of_an_older_version_are_recognised",),
    ),
    Defence(
        name="invisible-text-is-no-text",
        why="nobody pays for a picture that was asked for with a prompt that nobody can see",
        file=f"{JOBS_API}/jobs/submission.py",
        old="    if not is_visible(value):",
        new="    if False:",
        tests=("tests/jobs_api/integration/test_refusals.py::test_a_broken_rule_is_named_with_its_field_and_changes_nothing",),
    ),
    Defence(
        name="payment-lock",
        why="a refund that comes in the same instant as its payment is not lost",
        file=f"{CREDITS}/payments/store_returns.py",
        old='    await transaction.execute(LOCK_PAYMENT, {"intent": payment_intent})\n',
        new="    return\n",
        tests=("tests/credits/integration/test_news_at_once.py::test_a_payment_and_what_comes_back_of_it",),
    ),
    Defence(
        name="failed-refund-gives-back",
        why="a refund that fails at the bank gives back the credits that it took",
        file=f"{CREDITS}/payments/settle_returns.py",
        old="    if told.minor < purchase.refunded_minor:\n",
        new="    if False and told.minor < purchase.refunded_minor:\n",
        tests=("tests/credits/integration/test_money_comes_back.py::test_a_refund_that_fails_gives_the_credits_back",),
    ),
    Defence(
        name="purchase-put-off-alone",
        why="one purchase that Stripe answers with faults holds up no other",
        file=f"{CREDITS}/payments/reconcile.py",
        old="                await self._put_off(purchase, error)\n",
        new="                raise\n",
        tests=(
            "tests/credits/integration/test_stripe_faults.py"
            "::test_a_purchase_that_stripe_answers_with_faults_is_put_off_and_the_others_go_on",
        ),
    ),
    Defence(
        name="only-the-present-session-is-offered",
        why="a session of a key that is past is never shown: paid, it would grant nothing",
        file=f"{CREDITS}/payments/store.py",
        old=" AND stripe_key = :stripe_key AND (session_id IS NULL OR session_id = :session) RETURNING id",
        new=" AND (:stripe_key > 0) RETURNING id",
        tests=("tests/credits/integration/test_stripe_faults.py::test_a_session_of_a_key_that_is_past_is_not_offered",),
    ),
    Defence(
        name="sixteen-bits-are-scaled",
        why="a 16-bit grey picture keeps its tones; it is not cut off at 255 and stored as a white rectangle",
        file=f"{POLLER}/imaging_decode.py",
        old='    return picture.convert("I").point(TONES_16, "L")\n',
        new='    return picture.convert("L")\n',
        tests=("tests/poller/unit/test_picture_bytes.py",),
    ),
    Defence(
        name="metadata-of-people-is-dropped",
        why="a stored picture names neither the place nor the person that its file named",
        file=f"{POLLER}/picture_bytes.py",
        old="        elif marker == 0xE2 or marker in JPEG_DROPPED:\n",
        new="        elif marker == 0xE2:\n",
        tests=("tests/poller/unit/test_picture_bytes.py",),
    ),
    Defence(
        name="one-bad-fetch-is-no-verdict",
        why="an output that was paid for and came cut, empty or as a page is fetched again while the provider keeps it",
        file=f"{POLLER}/output_verdicts.py",
        old="    return not may_be_the_way(output) and output.sha256 == prediction.refused_sha256\n",
        new="    return True\n",
        tests=("tests/poller/integration/test_collecting.py::test_what_may_be_a_fault_of_the_way_is_fetched_again",),
    ),
    Defence(
        name="unusable-outputs-cost-nothing",
        why="credits of an item that failed for a reason of the platform's are given back",
        file=f"{JOBS_API}/jobs/rules.py",
        old='(end == "FAILED" and (ours or failed_items_refunded))',
        new='(end == "FAILED" and failed_items_refunded)',
        tests=("tests/jobs_api/unit/test_rules.py",),
    ),
    Defence(
        name="archives-for-streaming-readers",
        why="a download opens in readers that never see the end of the archive first, such as Java's",
        file=f"{JOBS_API}/jobs/archive_pictures.py",
        old="    entry.compress_type = ZIP_DEFLATED\n",
        new="",
        tests=("tests/jobs_api/unit/test_archive.py::test_a_reader_of_streams_reads_every_entry",),
    ),
    Defence(
        name="turns-between-tenants-messages",
        why="one tenant's backlog of e-mails delays no other tenant's first one",
        file=f"{NOTIFIER}/messages/claim.py",
        old="(last.instance_id if last else after)",
        new="after",
        tests=("tests/notifier/integration/test_queue.py::test_one_tenants_backlog_delays_no_other_tenants_first_message",),
    ),
    Defence(
        name="a-refused-sender-suppresses-nobody",
        why="a mis-set SPF or DMARC record does not end the mails to every customer",
        file=f"{NOTIFIER}/channels/smtp_replies.py",
        old='    if status in BAD_SENDER or status.startswith("7."):\n',
        new='    if code == 550:\n        return SendFailed("x", "", again="never", suppress="bounced")\n    if not status:\n',
        tests=("tests/notifier/unit/test_smtp_refusals.py",),
    ),
    Defence(
        name="a-paused-account-burns-no-attempts",
        why="while a vendor is down one message at a time is tried, and the others wait",
        file=f"{NOTIFIER}/messages/breaker.py",
        old="    return min(wanted, 1) if state.next_trial_at <= now else 0\n",
        new="    return wanted\n",
        tests=("tests/notifier/integration/test_queue.py::test_an_account_is_paused_after_several_messages_and_tried_by_one",),
    ),
    Defence(
        name="a-promoted-redis-begins-an-epoch",
        why="a Redis that may have less than it had (promoted, or restarted from older data) never says that nothing is missing",
        file=f"{NOTIFIER}/history.py",
        old="if redis.call('HGET', head, 'data') ~= data then\n",
        new="if redis.call('HEXISTS', head, 'epoch') == 0 then\n",
        tests=("tests/notifier/integration/test_redis_failover.py",),
    ),
    Defence(
        name="an-sms-is-counted-in-septets",
        why="an SMS is cut by what the networks count: characters of the extension table are two, of UCS-2 beyond the BMP two",
        file=f"{NOTIFIER}/letters/sms_text.py",
        old="        septets = [2 if character in GSM_EXTENSION else 1 for character in text]\n",
        new="        septets = [1 for _ in text]\n",
        tests=("tests/notifier/unit/test_sms_text.py",),
    ),
    Defence(
        name="a-stranger-lifts-no-stop",
        why="whoever enters somebody else's number must not undo that person's STOP for every tenant",
        file=f"{NOTIFIER}/people/store.py",
        old="scope = '*' AND channel = ANY(CAST(:confirmed AS text[]))",
        new="scope = '*' AND (true OR channel = ANY(CAST(:confirmed AS text[])))",
        tests=(
            "tests/notifier/integration/test_operators_and_messages.py"
            "::test_nobody_lifts_the_stop_of_a_number_that_is_not_confirmed_as_theirs",
        ),
    ),
    Defence(
        name="unconfirmed-addresses-get-nothing",
        why="nothing but the confirmation goes to an address that nobody has confirmed from its own mailbox",
        file=f"{NOTIFIER}/messages/enqueue_messages.py",
        old="THEN r.email = r.confirmed_email ELSE r.phone = r.confirmed_phone END",
        new="THEN r.email IS NOT NULL ELSE r.phone IS NOT NULL END",
        tests=(
            "tests/notifier/integration/test_people_are_told.py"
            "::test_nothing_but_the_confirmation_goes_to_an_address_until_it_is_confirmed",
        ),
    ),
    Defence(
        name="confirmations-are-counted-one-after-the-other",
        why="requests at the same moment do not pass the limit of an address together, so nobody pumps SMS",
        file=f"{NOTIFIER}/people/confirm_addresses.py",
        old='        await transaction.execute(LOCK, {"name": name})\n',
        new="        pass\n",
        tests=("tests/notifier/integration/test_confirmations.py",),
    ),
    Defence(
        name="a-confirmation-works-once",
        why="a link that was used confirms no address that is entered again later",
        file=f"{NOTIFIER}/people/confirm_addresses.py",
        old="    if found.used_at is not None:\n        raise ConfirmationUsed\n",
        new="",
        tests=("tests/notifier/integration/test_confirmations.py",),
    ),
    Defence(
        name="a-flood-becomes-a-digest",
        why="a shop with hundreds of jobs a minute gets a handful of messages an hour, and no tenant sends without a limit",
        file=f"{NOTIFIER}/messages/digest_rules.py",
        old="        if one.line not in flooded and recent[one.line] < limits.after and budget.take(one.line):\n",
        new="        if budget.take(one.line):\n",
        tests=("tests/notifier/unit/test_digest_rules.py",),
    ),
    Defence(
        name="replicas-count-messages-together",
        why="replicas that queue messages of a tenant at the same moment do not pass its limit together",
        file=f"{NOTIFIER}/messages/enqueue_messages.py",
        old='        await transaction.execute(LOCK, {"instance": instance})\n',
        new="        pass\n",
        tests=("tests/notifier/integration/test_digests.py",),
    ),
)
