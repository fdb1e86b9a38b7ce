"""The fair turn as a pure model: values in, decisions out. `fair_turn.lua` is this, atomically, on all replicas.

Invariants: no account ever has more than `cap` grants in any window; a tenant's tag rises by 1/weight per item and is at least
the virtual clock when it enters, so idleness banks nothing; a blocked tenant holds up no one; redriven items wait behind
their tenant's fresh ones; jobs of a broken or full model, or of a tenant slowed at a model, are held aside and delay no other.
Time is an argument.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from darkroom_predictor.account_rules import NEVER, Account
from darkroom_predictor.breaker_rules import LOOK_AGAIN_US, MOVES_MAX, Breaker, BreakerRule, Kind
from darkroom_predictor.tenant_rules import Tenant

RUN_MAX = 20
"""Consecutive places that one tenant may take in a batch."""
AT_ONCE = 0
NOT_BEFORE_A_CHANGE = -1


@dataclass(frozen=True)
class Grant:
    """The right to make one paid call within the deadline."""

    item: int
    tenant: str
    account: str
    attempt: str
    step: int
    at_us: int
    redriven: bool = False
    probe: bool = False


class FairTurn:
    """The whole state: tenants, accounts, one virtual clock."""

    def __init__(self, accounts: Iterable[Account], *, window_us: int, own_window_us: int) -> None:
        self.accounts = {account.name: account for account in accounts}
        self.tenants: dict[str, Tenant] = {}
        self.queued: set[int] = set()
        self.delayed: dict[int, tuple[int, str, int, bool]] = {}
        self.live: dict[str, tuple[str, str]] = {}
        """The tenant and the model of each attempt that holds a slot."""
        self.model_slots: dict[str, int] = {}
        """How many attempts of a model may hold a slot, where it has a bound of its own."""
        self.breakers: dict[str, Breaker] = {}
        self.marks: dict[int, str] = {}
        """The model of each job; one that is not named here has the mark "0"."""
        self.virtual = 0
        self._window_us = window_us
        self._own_window_us = own_window_us

    def set_tenant(self, name: str, *, weight: float, cap: int = 0, slots: int = 0, paused: bool = False) -> None:
        """In force from the next turn on: what is left of the turn before is worth as many turns at the new weight."""
        tenant = self._tenant(name)
        if tenant.tag > self.virtual:
            tenant.tag = self.virtual + math.floor((tenant.tag - self.virtual) * tenant.weight / weight + 0.5)
        tenant.weight, tenant.cap, tenant.slots, tenant.paused, tenant.full = weight, cap, slots, paused, False
        if paused:
            self._rest(tenant, NEVER)
        else:
            self._wake(tenant)

    def file(self, name: str, job: int, item: int, *, now_us: int, delay_us: int = 0, redriven: bool = False) -> bool:
        """An item begins to wait; False when it waits already."""
        if item in self.queued:
            return False
        self.queued.add(item)
        if delay_us:
            self.delayed[item] = (now_us + delay_us, name, job, redriven)
        else:
            self._tenant(name).push_last(job, item, redriven=redriven)
            self._join(self._tenant(name))
        return True

    def give_back(self, name: str, job: int, item: int, attempt: str, *, redriven: bool = False) -> None:
        """A turn that came to nothing through no fault of the item: back to the head, and uncharged, also by its own cap."""
        tenant = self._tenant(name)
        before = len(tenant.own_log)
        tenant.own_log = [one for one in tenant.own_log if one[1] != attempt]
        woken = len(tenant.own_log) < before and tenant.resting_until not in {None, NEVER}
        if woken:
            tenant.resting_until = None
        if item in self.queued:
            if woken:
                self._join(tenant)
            return
        self.queued.add(item)
        tenant.push_first(job, item, redriven=redriven)
        if not tenant.ready and tenant.tag <= self.virtual:
            tenant.tag = self.virtual
        tenant.tag -= tenant.step
        tenant.ready = tenant.resting_until is None and tenant.has_work

    def remove(self, name: str, job: int, item: int) -> bool:
        """An item waits no longer, and no turn is charged; False when it did not wait."""
        if item not in self.queued:
            return False
        self.queued.discard(item)
        if self.delayed.pop(item, None) is None:
            tenant = self._tenant(name)
            tenant.drop(job, item)
            self._drop_held(name, job)
            tenant.ready = tenant.ready and tenant.has_work
        return True

    def take(self, attempts: list[str], now_us: int) -> tuple[list[Grant], float]:
        """Up to one grant per attempt id, and after how many µs asking again may help."""
        self._wake_due(now_us)
        self._return_held(now_us)
        for one in self.accounts.values():
            one.look(now_us, self._window_us)
        grants: list[Grant] = []
        wait: float = AT_ONCE
        last, run, held = None, 0, 0
        while len(grants) < len(attempts):
            order = sorted((tenant for tenant in self.tenants.values() if tenant.ready), key=_place)[:2]
            trial = self._next_trial(now_us)
            if not order and trial is None:
                wait = min(self._next_due(), self._next_look()) - now_us
                break
            account, soonest = self._roomiest(now_us)
            if account is None:
                wait = soonest - now_us
                break
            if trial is not None:
                grants.append(self._grant_trial(*trial, account, attempts[len(grants)], now_us))
                continue
            tenant = order[0]
            if tenant.name == last and run >= RUN_MAX:
                if len(order) < 2:
                    break
                tenant = order[1]
            until = tenant.blocked_until(now_us, self._own_window_us)
            if self._is_full(tenant):
                tenant.full = True
                self._rest(tenant, NEVER)
            elif until is not None:
                self._rest(tenant, until)
            elif self._hold_aside(tenant, now_us):
                held += 1
                if held >= MOVES_MAX:
                    break
            else:
                grants.append(self._grant(tenant, account, attempts[len(grants)], now_us))
                run = run + 1 if tenant.name == last else 1
                last = tenant.name
        return grants, NOT_BEFORE_A_CHANGE if wait == NEVER else max(AT_ONCE, wait)

    def release(self, account: str, attempt: str) -> None:
        """An ended attempt's slots are free: its account's, its tenant's, and its model's."""
        self.accounts[account].live.discard(attempt)
        name, _ = self.live.pop(attempt, (None, None))
        tenant = None if name is None else self._tenant(name)
        if tenant and tenant.full:
            tenant.full = False
            self._wake(tenant)

    def hear(self, mark: str, kind: Kind, failures: int, *, tenant: str, now_us: int, rule: BreakerRule) -> None:
        """Failures of a model in a row at a tenant's picture, or with 0 a success."""
        if failures or mark in self.breakers:
            self.breakers.setdefault(mark, Breaker()).hear(kind, failures, tenant=tenant, now_us=now_us, rule=rule)

    def _grant(self, tenant: Tenant, account: Account, attempt: str, now_us: int) -> Grant:
        step = tenant.step
        mark = self._mark(tenant.next_job[0])
        if mark in self.breakers:
            self.breakers[mark].note_turn(tenant.name, now_us)
        item, redriven = tenant.pop()
        self.virtual = max(self.virtual, tenant.tag)
        tenant.tag += step
        tenant.ready = tenant.has_work
        self.queued.discard(item)
        probe = account.charge(attempt, now_us, self._window_us)
        if tenant.cap:
            tenant.own_log.append((now_us, attempt))
        self.live[attempt] = tenant.name, mark
        return Grant(item, tenant.name, account.name, attempt, step, now_us, redriven, probe)

    def _roomiest(self, now_us: int) -> tuple[Account | None, float]:
        times = {name: account.free_at(self._window_us) for name, account in self.accounts.items()}
        free = [account for name, account in self.accounts.items() if times[name] <= now_us]
        best = min(free, key=lambda account: account.schedule) if free else None
        return best, min(times.values(), default=NEVER)

    def _wake_due(self, now_us: int) -> None:
        due = [tenant for tenant in self.tenants.values() if tenant.resting_until is not None and tenant.resting_until <= now_us]
        for tenant in sorted(due, key=lambda tenant: (tenant.resting_until, tenant.name.encode())):
            self._wake(tenant)
        for item in sorted(self.delayed, key=lambda item: (self.delayed[item][0], _entry(item, self.delayed[item]))):
            at, name, job, redriven = self.delayed[item]
            if at <= now_us:
                del self.delayed[item]
                self._tenant(name).push_first(job, item, redriven=redriven)
                self._join(self._tenant(name))

    def _is_full(self, tenant: Tenant) -> bool:
        """Whether all of the tenant's own slots are taken."""
        return bool(tenant.slots) and sum(name == tenant.name for name, _ in self.live.values()) >= tenant.slots

    def _free_slots(self, mark: str) -> float:
        """How many more attempts of a model may hold a slot."""
        return self.model_slots.get(mark, math.inf) - sum(one == mark for _, one in self.live.values())

    def _tag(self, name: str) -> int:
        return self.tenants[name].tag if self.tenants[name].ready else max(self.virtual, self.tenants[name].tag)

    def _held_up_until(self, name: str, now_us: int) -> int | None:
        """Until when none of a tenant's held jobs may go."""
        resting = self.tenants[name].resting_until
        if resting is not None:
            return now_us + LOOK_AGAIN_US if resting == NEVER else int(resting)
        if self._is_full(self.tenants[name]):
            return now_us + LOOK_AGAIN_US
        return self.tenants[name].blocked_until(now_us, self._own_window_us)

    def _next_trial(self, now_us: int) -> tuple[str, Tenant] | None:
        """A model that is due a trial, and the tenant whose held job is to be tried."""
        for mark, breaker in sorted(self.breakers.items()):
            if not breaker.is_due(now_us) or self._free_slots(mark) <= 0:
                continue
            name = breaker.next_trial(now_us, tag=self._tag, blocked_until=lambda one: self._held_up_until(one, now_us))
            if name is not None:
                return mark, self.tenants[name]
        return None

    def _grant_trial(self, mark: str, tenant: Tenant, account: Account, attempt: str, now_us: int) -> Grant:
        """One item of a held job; the job stays held, behind its tenant's other held jobs."""
        step, breaker = tenant.step, self.breakers[mark]
        job, redriven = breaker.held[tenant.name].first
        item = tenant.items[job].popleft()
        if tenant.items[job]:
            breaker.held[tenant.name].lanes[redriven][job] = now_us
        else:
            del tenant.items[job]
            tenant.held.discard(job)
            breaker.drop(tenant.name, job)
        tenant.tag = (tenant.tag if tenant.ready else max(self.virtual, tenant.tag)) + step
        breaker.note_turn(tenant.name, now_us)
        self.queued.discard(item)
        probe = account.charge(attempt, now_us, self._window_us)
        if tenant.cap:
            tenant.own_log.append((now_us, attempt))
        self.live[attempt] = tenant.name, mark
        return Grant(item, tenant.name, account.name, attempt, step, now_us, redriven, probe)

    def _return_held(self, now_us: int) -> None:
        """Put back the held jobs of models that work, and one job of each slowed tenant that is due a trial."""
        for mark, breaker in sorted(self.breakers.items()):
            if breaker.open_until is None and mark in self.model_slots:
                self._return_for_slots(mark, breaker, now_us)
                continue
            left = 0 if breaker.open_until is not None else MOVES_MAX
            due = sorted((held.look_at, name.encode(), name) for name, held in breaker.held.items() if held.look_at <= now_us)
            for _, _, name in due[:left]:
                if left <= 0:
                    break
                held, slowed = breaker.held[name], breaker.slowed_until(name) > 0
                jobs = [held.first] if slowed else held.latest(left)
                if slowed:
                    held.look_at = now_us + breaker.slowed[name].pause_us
                left -= self._return_jobs(name, breaker, jobs)

    def _return_for_slots(self, mark: str, breaker: Breaker, now_us: int) -> None:
        """The same of a model with a bound of its own: one job for each free slot, each of another tenant."""
        free = self._free_slots(mark)
        for name in breaker.due_in_order(now_us, tag=self._tag) if free > 0 else []:
            held, tenant = breaker.held[name], self.tenants[name]
            until = self._held_up_until(name, now_us)
            if until is not None:
                held.look_at = until
                continue
            if not tenant.has_work or self._mark(tenant.next_job[0]) != mark:
                held.look_at = now_us + (breaker.slowed[name].pause_us if name in breaker.slowed else 0)
                self._return_jobs(name, breaker, [held.first])
            free -= 1
            if free <= 0:
                return

    def _return_jobs(self, name: str, breaker: Breaker, jobs: list[tuple[int, bool]]) -> int:
        for job, redriven in jobs:
            breaker.drop(name, job)
            self.tenants[name].put_back(job, redriven=redriven)
            self._join(self.tenants[name])
        return len(jobs)

    def _hold_aside(self, tenant: Tenant, now_us: int) -> bool:
        """Whether the tenant's next job is of a model that may not be called for it; it is then out of the order."""
        job, redriven = tenant.next_job
        mark = self._mark(job)
        breaker = self.breakers.get(mark, Breaker())
        if not breaker.shut_for(tenant.name, now_us) and self._free_slots(mark) > 0:
            return False
        self.breakers[mark] = breaker
        tenant.hold_next()
        breaker.hold(tenant.name, job, redriven=redriven, now_us=now_us)
        tenant.ready = tenant.has_work
        return True

    def _drop_held(self, name: str, job: int) -> None:
        breaker = self.breakers.get(self._mark(job))
        if breaker and job not in self.tenants[name].held:
            breaker.drop(name, job)

    def _next_look(self) -> float:
        times = [breaker.next_look() for mark, breaker in self.breakers.items() if self._free_slots(mark) > 0]
        return min((at for at in times if at is not None), default=NEVER)

    def _mark(self, job: int) -> str:
        return self.marks.get(job, "0")

    def _next_due(self) -> float:
        resting = [tenant.resting_until for tenant in self.tenants.values() if tenant.resting_until is not None]
        return min([*resting, *(at for at, *_ in self.delayed.values())], default=NEVER)

    def _tenant(self, name: str) -> Tenant:
        return self.tenants.setdefault(name, Tenant(name))

    def _join(self, tenant: Tenant) -> None:
        if not tenant.ready and tenant.resting_until is None and tenant.has_work:
            tenant.tag = max(self.virtual, tenant.tag)
            tenant.ready = True

    def _rest(self, tenant: Tenant, until: float) -> None:
        tenant.ready = False
        tenant.resting_until = until

    def _wake(self, tenant: Tenant) -> None:
        tenant.resting_until = None
        self._join(tenant)


def _place(tenant: Tenant) -> tuple[int, bytes]:
    return tenant.tag, tenant.name.encode()


def _entry(item: int, delayed: tuple[int, str, int, bool]) -> bytes:
    return f"{item}:{delayed[2]}:{int(delayed[3])}:{delayed[1]}".encode()
