-- The fair queue and the limiter of one provider: who is next, and whether a paid call may start now, decided as one.
--
--   KEYS[1]  the pointer: a hash with the open epoch; absent (Redis lost or wiped) means closed
--   ARGV     operation, epoch, then the operation's own arguments
--
-- All state lives in a space of its epoch, so a replica with an old epoch can neither grant nor disturb. Times are Redis' own,
-- in microseconds, and never go back. Tags are virtual time in whole units, so that rules.py computes the very same numbers.
-- Sources: start-time fair queueing (Goyal, Vin, Cheng 1996); GCRA (ITU-T I.371); the cap is an exact log over W + D.
-- It is one script in five parts, put together in this order: fair_state, fair_accounts, fair_models, fair_turn, fair_controls.
-- A job here is a job's items for one model, `number@mark`; the mark is hexadecimal and stands for the model.

local UNIT = 1000000    -- virtual time that one item costs a tenant of weight 1
local RUN_MAX = 20      -- consecutive places of one tenant in a batch
local MOVES_MAX = 200   -- delayed items, rested tenants and held jobs that are moved in one call
local TENANTS_MAX = 1000        -- tenants whose failures and whose trials are remembered for each model
local LOOK_AGAIN = 30000000     -- a paused tenant is not considered for a trial for this long
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

local function items_of(job) return space .. 'job:' .. job end

-- The job whose item is the tenant's next, and its lane; nil: it has none. A job without items, which no history should leave
-- behind, is dropped here, so that it can hold up nobody and nobody is taken to wait because of it.
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

local function has_work(tenant) return next_job(tenant) ~= nil end

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
-- its tenant's lanes, or held aside while its model is broken or its tenant is slowed at the model.

local function model_of(job) return string.match(job, '@(%x+)$') end

-- The tenants with held jobs of a model, each with the time before which it is not looked at, and a tenant's held jobs of a lane,
-- each with the time at which it was held.
local function aside_of(model) return space .. 'aside:' .. model end

local function held_jobs(model, lane, tenant) return space .. 'aside:' .. model .. ':' .. lane .. ':' .. tenant end

-- The lane from which a held job came; nil: it is not held.
local some_broken
local function held_in(tenant, job)
    if some_broken == nil then some_broken = call('EXISTS', broken) == 1 end
    if not some_broken then return nil end
    for _, lane in ipairs({ '0', '1' }) do
        if call('ZSCORE', held_jobs(model_of(job), lane, tenant), job) then return lane end
    end
    return nil
end

local function drop_held(tenant, job, lane)
    local model = model_of(job)
    call('ZREM', held_jobs(model, lane, tenant), job)
    if call('EXISTS', held_jobs(model, '0', tenant), held_jobs(model, '1', tenant)) == 0 then
        call('ZREM', aside_of(model), tenant)
    end
end

local function push_last(tenant, job, item, lane)
    if call('RPUSH', items_of(job), item) == 1 then
        call('RPUSH', lane_of(tenant, lane), job)
    elseif held_in(tenant, job) then
        return
    end
    mark(tenant, 1)
end

-- To the head, with its whole job, which stays a fresh one if it was: it never stands in both lanes.
local function push_first(tenant, job, item, lane)
    if call('LPUSH', items_of(job), item) > 1 then
        if held_in(tenant, job) then return end
        if call('LREM', lane_of(tenant, '0'), 1, job) > 0 then lane = '0' else call('LREM', lane_of(tenant, '1'), 1, job) end
    end
    call('LPUSH', lane_of(tenant, lane), job)
    mark(tenant, 1)
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
