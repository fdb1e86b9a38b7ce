-- The fair queue and the limiter of one provider: who is next, and whether a paid call may start now, decided as one.
--
--   KEYS[1]  the pointer: a hash with the open epoch; absent (Redis lost or wiped) means closed
--   ARGV     operation, epoch, then the operation's own arguments
--
-- All state lives in a space of its epoch, so a replica with an old epoch can neither grant nor disturb. Times are Redis' own,
-- in microseconds, and never go back. Tags are virtual time in whole units, so that rules.py computes the very same numbers.
-- Sources: start-time fair queueing (Goyal, Vin, Cheng 1996); GCRA (ITU-T I.371); the cap is an exact log over W + D.
-- A job here is a job's items for one model, `number@mark`; the mark is hexadecimal and stands for the model.

local UNIT = 1000000    -- virtual time that one item costs a tenant of weight 1
local RUN_MAX = 20      -- consecutive places of one tenant in a batch
local MOVES_MAX = 200   -- delayed items, rested tenants and held jobs that are moved in one call
local ROUND = 5000000   -- a cap is cut at most once in so long: the 429s of one round of calls are one piece of news
local CALM = 60000000   -- without a 429 for so long, a cut cap begins to rise
local RISE = 10000000   -- and rises by one thirtieth of the whole each so long
local RISE_PART = 30
local CAP_MIN = 6       -- no cut goes below it: the least that a provider is known to allow
local NEVER = math.huge

local pointer, operation, epoch = KEYS[1], ARGV[1], ARGV[2]
local space = pointer .. ':' .. epoch .. ':'
local state, ready, tags = space .. 'state', space .. 'ready', space .. 'tags'
local resting, delayed, queued = space .. 'resting', space .. 'delayed', space .. 'queued'
local tenants, broken = space .. 'tenants', space .. 'broken'
local call = redis.call

local function whole(number) return string.format('%.0f', number) end

local function read_clock()
    local time = call('TIME')
    local now = time[1] * 1000000 + time[2]
    return math.max(now, tonumber(call('HGET', state, 'clock') or 0))
end

local function read_virtual() return tonumber(call('HGET', state, 'virtual') or 0) end

-- A tenant's jobs wait in two lanes: '0' fresh work, '1' redriven work, which goes only while there is no fresh one.
local function lane_of(tenant, lane) return space .. (lane == '1' and 'behind:' or 'tenant:') .. tenant end

local function has_work(tenant) return call('EXISTS', lane_of(tenant, '0'), lane_of(tenant, '1')) > 0 end

-- Who looks different since when, for those who look at the queue (queue_look.lua), and how many items wait in a tenant's lanes.
local marked = {}
local function mark(tenant, more)
    if more ~= 0 then call('HINCRBY', space .. 'waiting', tenant, more) end
    if marked[tenant] then return end
    marked[tenant] = true
    call('ZADD', space .. 'changed', call('HINCRBY', state, 'changes', 1), tenant)
end

-- Tenants ----------------------------------------------------------------------------------------------------------------

-- Enter the fair order, unless there already, resting, or with all jobs held aside. max(): who was idle has banked nothing.
local function join(tenant, virtual)
    if call('ZSCORE', ready, tenant) or call('ZSCORE', resting, tenant) or not has_work(tenant) then return end
    local tag = tonumber(call('ZSCORE', tags, tenant) or 0)
    call('ZADD', ready, whole(math.max(virtual, tag)), tenant)
    call('ZREM', tags, tenant)
end

-- Leave the fair order, keeping the tag for when there is something again.
local function leave(tenant)
    local tag = call('ZSCORE', ready, tenant)
    if not tag then return end
    call('ZADD', tags, tag, tenant)
    call('ZREM', ready, tenant)
end

-- Leave the fair order until a time, without holding up anyone.
local function rest(tenant, until_time)
    leave(tenant)
    call('ZADD', resting, until_time == NEVER and '+inf' or whole(until_time), tenant)
end

local function wake(tenant, virtual)
    call('ZREM', resting, tenant)
    mark(tenant, 0)
    join(tenant, virtual)
end

-- Jobs of a tenant take turns; a job's items are first in, first out. A job with items stands in exactly one place: in one of
-- its tenant's lanes, or held aside while its model is broken.

local function items_of(job) return space .. 'job:' .. job end

local function model_of(job) return string.match(job, '@(%x+)$') end

local function aside_of(model) return space .. 'aside:' .. model end

local function held_entry(job, lane, tenant) return job .. ':' .. lane .. ':' .. tenant end

-- The job's entry among those held aside, or nil.
local some_broken
local function held_as(tenant, job)
    if some_broken == nil then some_broken = call('EXISTS', broken) == 1 end
    if not some_broken then return nil end
    for _, lane in ipairs({ '0', '1' }) do
        local entry = held_entry(job, lane, tenant)
        if call('ZSCORE', aside_of(model_of(job)), entry) then return entry end
    end
    return nil
end

local function push_last(tenant, job, item, lane)
    if call('RPUSH', items_of(job), item) == 1 then
        call('RPUSH', lane_of(tenant, lane), job)
    elseif held_as(tenant, job) then
        return
    end
    mark(tenant, 1)
end

-- To the head, with its whole job, which stays a fresh one if it was: it never stands in both lanes.
local function push_first(tenant, job, item, lane)
    if call('LPUSH', items_of(job), item) > 1 then
        if held_as(tenant, job) then return end
        if call('LREM', lane_of(tenant, '0'), 1, job) > 0 then lane = '0' else call('LREM', lane_of(tenant, '1'), 1, job) end
    end
    call('LPUSH', lane_of(tenant, lane), job)
    mark(tenant, 1)
end

-- The job whose item is the tenant's next, and its lane; nil: it has none. A job without items, which no history should leave
-- behind, is dropped here, so that it can hold up nobody.
local function next_job(tenant)
    for _, lane in ipairs({ '0', '1' }) do
        local jobs = lane_of(tenant, lane)
        local job = call('LINDEX', jobs, 0)
        while job do
            if call('EXISTS', items_of(job)) == 1 then return job, lane end
            call('LPOP', jobs)
            job = call('LINDEX', jobs, 0)
        end
    end
    return nil
end

-- The first item of the tenant's next job; → it, and whether the tenant has more.
local function pop(tenant, job, lane)
    call('LPOP', lane_of(tenant, lane))
    local item = call('LPOP', items_of(job))
    mark(tenant, -1)
    if call('EXISTS', items_of(job)) == 1 then call('RPUSH', lane_of(tenant, lane), job) end
    return item, has_work(tenant)
end

local function settings_of(tenant)
    local setting = call('HGET', tenants, tenant)
    if not setting then return 1, 0 end
    local weight, cap = string.match(setting, '^(%S+) (%d+)')
    return tonumber(weight), tonumber(cap)
end

-- Accounts ---------------------------------------------------------------------------------------------------------------

-- What 429s have left of the cap, with what has come back since.
local function cap_in_force(key, cap, cut, calm_at, now)
    if not cut or cut >= cap then return cap end
    local steps = math.floor((now - calm_at) / RISE)
    if steps < 1 then return cut end
    cut = cut + steps * math.max(1, math.floor(cap / RISE_PART))
    if cut >= cap then
        call('HDEL', key, 'cut')
        return cap
    end
    call('HSET', key, 'cut', cut, 'calm_at', whole(calm_at + steps * RISE))
    return cut
end

local function load_account(name, now, window)
    local key = space .. 'account:' .. name
    local fields = call('HMGET', key, 'cap', 'burst', 'slots', 'paused_until', 'schedule', 'cut', 'calm_at', 'retry')
    if not fields[1] then return nil end
    local log, slots = space .. 'log:' .. name, space .. 'slots:' .. name
    call('ZREMRANGEBYSCORE', log, '-inf', whole(now - window))
    local whole_cap = tonumber(fields[1])
    local cap = cap_in_force(key, whole_cap, tonumber(fields[6]), tonumber(fields[7]), now)
    return {
        name = name, key = key, cap = cap, slots = tonumber(fields[3]),
        burst = math.max(1, math.floor(tonumber(fields[2]) * cap / math.max(1, whole_cap))),
        paused_until = tonumber(fields[4] or 0), schedule = tonumber(fields[5] or 0), retry = tonumber(fields[8]),
        interval = cap > 0 and math.ceil(window / cap) or NEVER,
        log = log, granted = call('ZCARD', log), taken = slots, live = call('ZCARD', slots),
    }
end

-- When the account may take its next call, as far as is known now.
local function free_at(account, window)
    if account.cap <= 0 or account.live >= account.slots then return NEVER end
    local at = math.max(account.paused_until, account.schedule - (account.burst - 1) * account.interval)
    if account.granted >= account.cap then
        local place = account.granted - account.cap
        local blocking = call('ZRANGE', account.log, place, place, 'WITHSCORES')
        at = math.max(at, tonumber(blocking[2]) + window)
    end
    return at
end

-- The account with the most room now, else nil and the time at which one may have some.
local function roomiest(accounts, now, window)
    local best, soonest = nil, NEVER
    for _, account in ipairs(accounts) do
        local at = free_at(account, window)
        soonest = math.min(soonest, at)
        if at <= now and (best == nil or account.schedule < best.schedule) then best = account end
    end
    return best, soonest
end

local function charge(account, attempt, now)
    account.schedule = math.max(now, account.schedule) + account.interval
    account.granted = account.granted + 1
    account.live = account.live + 1
    call('ZADD', account.log, whole(now), attempt)
    call('ZADD', account.taken, whole(now), attempt)
    if not account.retry then return 0 end
    -- A stopped account: this call is the probe, and the next one comes no sooner, whatever is heard of this one.
    account.paused_until = now + account.retry
    call('HSET', account.key, 'paused_until', whole(account.paused_until))
    return 1
end

-- Models -----------------------------------------------------------------------------------------------------------------
-- A model with failures has a breaker. Open: its jobs are held aside, and one trial call passes after each pause.

local function breaker_of(model) return space .. 'breaker:' .. model end

-- Put a model's held jobs back, the longest held first; → how many are left.
local function put_back(model, count, virtual)
    local held = aside_of(model)
    for _, entry in ipairs(call('ZRANGE', held, 0, count - 1)) do
        call('ZREM', held, entry)
        local job, lane, tenant = string.match(entry, '^(%d+@%x+):(%d):(.*)$')
        local waiting = call('LLEN', items_of(job))
        if waiting > 0 then
            call('LPUSH', lane_of(tenant, lane), job)
            mark(tenant, waiting)
            join(tenant, virtual)
        end
    end
    return call('ZCARD', held)
end

-- A model without failures and without held jobs needs no breaker.
local function forget_if_well(model)
    if call('HEXISTS', breaker_of(model), 'create') + call('HEXISTS', breaker_of(model), 'run') > 0 then return end
    call('DEL', breaker_of(model))
    call('SREM', broken, model)
end

-- The models that may not be called now (with the time of their trial), those that may have one trial, the time of the next
-- trial that a held job waits for, and whether held jobs are still to be put back.
local function look_at_models(now, virtual)
    local models = { shut = {}, trial = {}, next_trial = NEVER, unfinished = false, watched = false }
    local found = call('SMEMBERS', broken)
    table.sort(found)
    for _, model in ipairs(found) do
        local open_until = tonumber(call('HGET', breaker_of(model), 'open_until'))
        if not open_until then
            if put_back(model, MOVES_MAX, virtual) > 0 then models.unfinished = true else forget_if_well(model) end
        elseif now < open_until then
            models.shut[model], models.watched = open_until, true
            if call('EXISTS', aside_of(model)) == 1 then models.next_trial = math.min(models.next_trial, open_until) end
        else
            models.trial[model], models.watched = true, true
            put_back(model, 1, virtual)
        end
    end
    return models
end

-- Whether the tenant's next job is of a model that may not be called; it is then held aside.
local function held_aside(tenant, tag, job, lane, models, now)
    local model = model_of(job)
    if not models.shut[model] then return false end
    call('LPOP', lane_of(tenant, lane))
    call('ZADD', aside_of(model), whole(now), held_entry(job, lane, tenant))
    mark(tenant, -call('LLEN', items_of(job)))
    models.next_trial = math.min(models.next_trial, models.shut[model])
    if not has_work(tenant) then
        call('ZREM', ready, tenant)
        call('ZADD', tags, whole(tag), tenant)
    end
    return true
end

-- The one trial that a model was due has been granted: the next one comes no sooner than after the next, longer pause.
local function note_trial(job, models, now)
    local model = model_of(job)
    if not models.trial[model] then return end
    local key = breaker_of(model)
    local fields = call('HMGET', key, 'pause', 'pause_max')
    local pause, pause_max = tonumber(fields[1]), tonumber(fields[2])
    call('HSET', key, 'open_until', whole(now + pause), 'pause', whole(math.min(2 * pause, pause_max)))
    models.trial[model], models.shut[model] = nil, now + pause
    if call('EXISTS', aside_of(model)) == 1 then models.next_trial = math.min(models.next_trial, now + pause) end
end

-- The models with failures, each with a + before it while its breaker is open, else a -.
local function watch_list()
    local list = call('SMEMBERS', broken)
    for index, model in ipairs(list) do
        list[index] = (call('HEXISTS', breaker_of(model), 'open_until') == 1 and '+' or '-') .. model
    end
    return table.concat(list, ' ')
end

-- Operations -------------------------------------------------------------------------------------------------------------

local function wake_due(now, virtual)
    for _, tenant in ipairs(call('ZRANGEBYSCORE', resting, '-inf', whole(now), 'LIMIT', 0, MOVES_MAX)) do
        wake(tenant, virtual)
    end
    for _, entry in ipairs(call('ZRANGEBYSCORE', delayed, '-inf', whole(now), 'LIMIT', 0, MOVES_MAX)) do
        call('ZREM', delayed, entry)
        local item, job, lane, tenant = string.match(entry, '^(%d+):(%d+@%x+):(%d):(.*)$')
        push_first(tenant, job, item, lane)
        join(tenant, virtual)
    end
end

local function next_due()
    local due = NEVER
    for _, set in ipairs({ resting, delayed }) do
        local first = call('ZRANGE', set, 0, 0, 'WITHSCORES')
        if first[2] then due = math.min(due, first[2] == 'inf' and NEVER or tonumber(first[2])) end
    end
    return due
end

-- A tenant with a cap of its own: until when it must rest, or nil.
local function own_cap_until(tenant, cap, now, window)
    if cap == 0 then return nil end
    local own = space .. 'own:' .. tenant
    call('ZREMRANGEBYSCORE', own, '-inf', whole(now - window))
    local granted = call('ZCARD', own)
    if granted < cap then return nil end
    return tonumber(call('ZRANGE', own, granted - cap, granted - cap, 'WITHSCORES')[2]) + window
end

local function remember_own(tenant, cap, attempt, now, window)
    if cap == 0 then return end
    local own = space .. 'own:' .. tenant
    call('ZADD', own, whole(now), attempt)
    call('PEXPIRE', own, whole(math.ceil(window / 1000) + 1000))
end

-- What a grant changes in the fair order; → item, the virtual time charged.
local function take_turn(tenant, tag, weight, job, lane)
    local item, more = pop(tenant, job, lane)
    local step = math.floor(UNIT / weight + 0.5)
    if more then
        call('ZADD', ready, whole(tag + step), tenant)
    else
        call('ZREM', ready, tenant)
        call('ZADD', tags, whole(tag + step), tenant)
    end
    call('SREM', queued, item)
    return item, step
end

-- take: places, W + D, W, number of accounts, accounts…, attempt ids… (one for each place)
-- → now, wait (µs until asking again may help; 0 at once; -1 only after a change), the watch list, then for each grant item, job,
--   tenant, lane, account, attempt, the virtual time charged, and 1 where it is the probe of a stopped account.
local function take()
    local places, window, own_window, count = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
    local now, virtual = read_clock(), read_virtual()
    wake_due(now, virtual)
    local models = look_at_models(now, virtual)
    local accounts = {}
    for index = 1, count do
        accounts[#accounts + 1] = load_account(ARGV[6 + index], now, window)
    end
    local answer, granted, wait, held = { now, 0, '' }, 0, 0, 0
    local last, run = nil, 0
    while granted < places do
        local first = call('ZRANGE', ready, 0, 1, 'WITHSCORES')
        local tenant, tag = first[1], tonumber(first[2])
        if not tenant then
            wait = models.unfinished and 0 or math.min(next_due(), models.next_trial) - now
            break
        end
        local account, soonest = roomiest(accounts, now, window)
        if not account then wait = soonest - now break end
        if tenant == last and run >= RUN_MAX then
            tenant, tag = first[3], tonumber(first[4])
            if not tenant then wait = 0 break end
        end
        local weight, cap = settings_of(tenant)
        local job, lane = next_job(tenant)
        local blocked_until = job and own_cap_until(tenant, cap, now, own_window)
        if not job then
            leave(tenant)
        elseif blocked_until then
            rest(tenant, blocked_until)
            call('HINCRBY', space .. 'held', tenant, whole((blocked_until - now) / 1000))
        elseif models.watched and held_aside(tenant, tag, job, lane, models, now) then
            held = held + 1
            if held >= MOVES_MAX then wait = 0 break end
        else
            granted = granted + 1
            local attempt = ARGV[6 + count + granted]
            local item, step = take_turn(tenant, tag, weight, job, lane)
            local probe = charge(account, attempt, now)
            if models.watched then note_trial(job, models, now) end
            remember_own(tenant, cap, attempt, now, own_window)
            virtual = math.max(virtual, tag)
            run = tenant == last and run + 1 or 1
            last = tenant
            for _, value in ipairs({ item, job, tenant, lane, account.name, attempt, step, probe }) do
                answer[#answer + 1] = value
            end
        end
    end
    for _, account in ipairs(accounts) do call('HSET', account.key, 'schedule', whole(account.schedule)) end
    call('ZREMRANGEBYSCORE', tags, '-inf', whole(virtual))
    call('HSET', state, 'clock', whole(now), 'virtual', whole(virtual))
    if granted > 0 then call('HSET', state, 'moved_at', whole(now)) end
    answer[2] = wait == NEVER and -1 or math.max(0, wait)
    answer[3] = watch_list()
    return answer
end

-- file: (tenant, job, item, lane, delay in µs)… → how many were new. Filing an item again changes nothing.
local function file()
    local now, virtual, new = read_clock(), read_virtual(), 0
    if call('SCARD', queued) == 0 then call('HSET', state, 'moved_at', whole(now)) end
    for index = 3, #ARGV, 5 do
        local tenant, job, item = ARGV[index], ARGV[index + 1], ARGV[index + 2]
        local lane, delay = ARGV[index + 3], tonumber(ARGV[index + 4])
        if call('SADD', queued, item) == 1 then
            new = new + 1
            if delay > 0 then
                call('ZADD', delayed, whole(now + delay), item .. ':' .. job .. ':' .. lane .. ':' .. tenant)
            else
                push_last(tenant, job, item, lane)
                join(tenant, virtual)
            end
        end
    end
    return new
end

-- give_back: (tenant, job, item, lane, step)… → to the head of its tenant, which gets back what the turn had cost it.
local function give_back()
    local virtual = read_virtual()
    for index = 3, #ARGV, 5 do
        local tenant, job, item = ARGV[index], ARGV[index + 1], ARGV[index + 2]
        local lane, step = ARGV[index + 3], tonumber(ARGV[index + 4])
        if call('SADD', queued, item) == 1 then
            push_first(tenant, job, item, lane)
            local tag = call('ZSCORE', ready, tenant)
            if tag then
                call('ZADD', ready, whole(tonumber(tag) - step), tenant)
            else
                local before = math.max(virtual, tonumber(call('ZSCORE', tags, tenant) or 0)) - step
                local waits = call('ZSCORE', resting, tenant) or not has_work(tenant)
                local place = waits and tags or ready
                call('ZREM', tags, tenant)
                call('ZADD', place, whole(before), tenant)
            end
        end
    end
    return 1
end

local function take_out(tenant, job, item)
    local found, entry = call('LREM', items_of(job), 1, item), held_as(tenant, job)
    if found > 0 and not entry then mark(tenant, -1) end
    if call('EXISTS', items_of(job)) == 0 then
        if entry then call('ZREM', aside_of(model_of(job)), entry) end
        call('LREM', lane_of(tenant, '0'), 1, job)
        call('LREM', lane_of(tenant, '1'), 1, job)
    end
    if not has_work(tenant) then leave(tenant) end
end

-- remove: (tenant, job, item, lane)… → how many waited; no turn is taken or charged. Who has nothing left leaves the order.
local function remove()
    local removed = 0
    for index = 3, #ARGV, 4 do
        local tenant, job, item, lane = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
        if call('SREM', queued, item) == 1 then
            removed = removed + 1
            if call('ZREM', delayed, item .. ':' .. job .. ':' .. lane .. ':' .. tenant) == 0 then
                take_out(tenant, job, item)
            end
        end
    end
    return removed
end

-- release: (account, attempt)… → the slots of ended attempts are free; again: nothing.
local function release()
    for index = 3, #ARGV, 2 do call('ZREM', space .. 'slots:' .. ARGV[index], ARGV[index + 1]) end
    return 1
end

local function pause_until(key, until_time)
    local before = tonumber(call('HGET', key, 'paused_until') or 0)
    call('HSET', key, 'paused_until', whole(math.max(before, until_time)))
end

-- throttle: account, µs → a 429: no call for so long, on all replicas, and a smaller cap after that, cut once a round.
-- → the cap in force, and whether it was cut just now.
local function throttle()
    local key, now, cut_now = space .. 'account:' .. ARGV[3], read_clock(), 0
    local fields = call('HMGET', key, 'cap', 'cut', 'calm_at', 'cut_at')
    if not fields[1] then return { 0, 0 } end
    local cap = tonumber(fields[1])
    local in_force = cap_in_force(key, cap, tonumber(fields[2]), tonumber(fields[3]), now)
    if now >= tonumber(fields[4] or 0) + ROUND then
        in_force = math.max(math.min(CAP_MIN, cap), math.floor(in_force * 7 / 10))
        call('HSET', key, 'cut', in_force, 'cut_at', whole(now))
        cut_now = 1
    end
    call('HSET', key, 'calm_at', whole(now + CALM - RISE))
    pause_until(key, now + tonumber(ARGV[4]))
    return { in_force, cut_now }
end

-- stop: account, why, µs → only a probe call now and then, the first after so long; → whether it was not stopped before.
local function stop()
    local key = space .. 'account:' .. ARGV[3]
    local new = call('HEXISTS', key, 'stopped') == 0
    call('HSET', key, 'stopped', ARGV[4], 'retry', ARGV[5])
    pause_until(key, read_clock() + tonumber(ARGV[5]))
    return new and 1 or 0
end

-- resume: account → it takes calls again at once; → whether it was stopped.
local function resume()
    local key = space .. 'account:' .. ARGV[3]
    local was = call('HDEL', key, 'stopped', 'retry') > 0
    if was then call('HDEL', key, 'paused_until') end
    return was and 1 or 0
end

-- heard: failures in a row that open a breaker, µs of its first pause and of its longest, then (model, name, 'create' or 'run',
-- failures or 0 for a success)… → the watch list. What failed at creation is proved well by a creation, what failed while it
-- ran by a run.
local function heard()
    local now, many, pause, pause_max = read_clock(), tonumber(ARGV[3]), ARGV[4], ARGV[5]
    for index = 6, #ARGV, 4 do
        local model, name, kind, failures = ARGV[index], ARGV[index + 1], ARGV[index + 2], tonumber(ARGV[index + 3])
        local key = breaker_of(model)
        if failures > 0 then
            call('SADD', broken, model)
            call('HSET', key, 'name', name)
            local count = call('HINCRBY', key, kind, failures)
            if count >= many and call('HEXISTS', key, 'open_until') == 0 then
                call('HSET', key, 'open_until', whole(now + tonumber(pause)), 'pause', pause, 'pause_max', pause_max)
                call('HSET', key, 'opened_at', whole(now))
            end
        elseif call('EXISTS', key) == 1 then
            call('HDEL', key, kind)
            local fields = call('HMGET', key, 'create', 'run')
            local worst = math.max(tonumber(fields[1] or 0), tonumber(fields[2] or 0))
            if worst < many then call('HDEL', key, 'open_until', 'pause', 'pause_max', 'opened_at') end
            if worst == 0 and call('EXISTS', aside_of(model)) == 0 then forget_if_well(model) end
        end
    end
    return watch_list()
end

-- models: → for each model with failures: its mark, its name, failures, µs since it opened (-1: closed), µs to its next trial.
local function show_models()
    local now, answer = read_clock(), {}
    local found = call('SMEMBERS', broken)
    table.sort(found)
    for _, model in ipairs(found) do
        local fields = call('HMGET', breaker_of(model), 'name', 'create', 'run', 'open_until', 'opened_at')
        local failures = math.max(tonumber(fields[2] or 0), tonumber(fields[3] or 0))
        local since = fields[5] and now - tonumber(fields[5]) or -1
        for _, value in ipairs({ model, fields[1] or '', failures, since, math.max(0, tonumber(fields[4] or 0) - now) }) do
            answer[#answer + 1] = value
        end
    end
    return answer
end

-- accounts: (name, cap, burst, slots)… → in force at once. The pacer's debt stays as many calls as it was, at the new pace.
local function set_accounts()
    local now = read_clock()
    for index = 3, #ARGV, 4 do
        local key, cap = space .. 'account:' .. ARGV[index], tonumber(ARGV[index + 1])
        local fields = call('HMGET', key, 'cap', 'schedule', 'cut', 'calm_at')
        local schedule, cut, calm_at = tonumber(fields[2] or 0), tonumber(fields[3]), tonumber(fields[4])
        local before = fields[1] and cap_in_force(key, tonumber(fields[1]), cut, calm_at, now) or 0
        cut = tonumber(call('HGET', key, 'cut'))
        local after = cut and math.min(cut, cap) or cap
        if schedule > now and before > 0 and after > 0 and before ~= after then
            call('HSET', key, 'schedule', whole(now + math.floor((schedule - now) * before / after)))
        end
        call('HSET', key, 'cap', ARGV[index + 1], 'burst', ARGV[index + 2], 'slots', ARGV[index + 3])
    end
    return 1
end

-- tenants: (tenant, weight, cap or 0, paused 1/0, revision)… → in force from the next turn on; an older revision changes nothing.
local function set_tenants()
    local virtual = read_virtual()
    for index = 3, #ARGV, 5 do
        local tenant, paused, revision = ARGV[index], ARGV[index + 3], tonumber(ARGV[index + 4])
        local before = call('HGET', tenants, tenant) or ''
        local setting = table.concat({ ARGV[index + 1], ARGV[index + 2], paused, whole(revision) }, ' ')
        if setting ~= before and tonumber(string.match(before, '(%d+)$') or 0) <= revision then
            call('HSET', tenants, tenant, setting)
            mark(tenant, 0)
            if paused == '1' then rest(tenant, NEVER) else wake(tenant, virtual) end
        end
    end
    return 1
end

-- terms: which state of the table of tenants this is.
local function set_terms() return call('HSET', state, 'terms', ARGV[3]) end

-- remember: (account, attempt, age in µs or -1, live 1/0)… → the log and the slots of a limiter that is being rebuilt.
local function remember()
    local now = read_clock()
    for index = 3, #ARGV, 4 do
        local account, attempt, age = ARGV[index], ARGV[index + 1], tonumber(ARGV[index + 2])
        if age >= 0 then call('ZADD', space .. 'log:' .. account, whole(now - age), attempt) end
        if ARGV[index + 3] == '1' then call('ZADD', space .. 'slots:' .. account, whole(now), attempt) end
    end
    return 1
end

-- open: run id of this Redis, format of what is kept → 1
local function open()
    call('HSET', pointer, 'epoch', epoch, 'run_id', ARGV[3], 'format', ARGV[4])
    return 1
end

-- figures: W, accounts… → queue length, µs since the queue last moved, then for each account grants in W, cap, cap in force,
-- burst, slots, live, µs of pause, why it is stopped or ''
local function figures()
    local now = read_clock()
    local answer = { call('SCARD', queued), now - tonumber(call('HGET', state, 'moved_at') or now) }
    for index = 4, #ARGV do
        local name = ARGV[index]
        local key = space .. 'account:' .. name
        local fields = call('HMGET', key, 'cap', 'burst', 'slots', 'paused_until', 'cut', 'calm_at', 'stopped')
        local cap = tonumber(fields[1] or 0)
        for _, value in ipairs({
            call('ZCOUNT', space .. 'log:' .. name, '(' .. whole(now - tonumber(ARGV[3])), '+inf'), cap,
            cap_in_force(key, cap, tonumber(fields[5]), tonumber(fields[6]), now), tonumber(fields[2] or 0),
            tonumber(fields[3] or 0), call('ZCARD', space .. 'slots:' .. name),
            math.max(0, tonumber(fields[4] or 0) - now), fields[7] or '',
        }) do answer[#answer + 1] = value end
    end
    return answer
end

-- While a rebuild fills the space of a new epoch, only these may touch it; nothing is granted before `open`.
local BUILDING = { file = file, accounts = set_accounts, tenants = set_tenants, terms = set_terms, remember = remember, open = open }
local OPEN = {
    take = take, give_back = give_back, remove = remove, release = release, throttle = throttle, stop = stop, resume = resume,
    heard = heard, models = show_models, figures = figures,
}

local current = tonumber(call('HGET', pointer, 'epoch') or 0)
if tonumber(epoch) == current then return (OPEN[operation] or BUILDING[operation])() end
if tonumber(epoch) > current and BUILDING[operation] then return BUILDING[operation]() end
return redis.error_reply('CLOSED epoch ' .. epoch .. ' is not open')
