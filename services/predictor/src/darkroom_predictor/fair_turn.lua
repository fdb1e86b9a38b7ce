-- The fair queue and the limiter of one provider: who is next, and whether a paid call may start now, decided as one.
--
--   KEYS[1]  the pointer: a hash with the open epoch; absent (Redis lost or wiped) means closed
--   ARGV     operation, epoch, then the operation's own arguments
--
-- All state lives in a space of its epoch, so a replica with an old epoch can neither grant nor disturb. Times are Redis' own,
-- in microseconds, and never go back. Tags are virtual time in whole units, so that rules.py computes the very same numbers.
-- Sources: start-time fair queueing (Goyal, Vin, Cheng 1996); GCRA (ITU-T I.371); the cap is an exact log over W + D.

local UNIT = 1000000    -- virtual time that one item costs a tenant of weight 1
local RUN_MAX = 20      -- consecutive places of one tenant in a batch
local MOVES_MAX = 200   -- delayed items and rested tenants that are moved in one call
local NEVER = math.huge

local pointer, operation, epoch = KEYS[1], ARGV[1], ARGV[2]
local space = pointer .. ':' .. epoch .. ':'
local state, ready, tags = space .. 'state', space .. 'ready', space .. 'tags'
local resting, delayed, queued = space .. 'resting', space .. 'delayed', space .. 'queued'
local tenants = space .. 'tenants'
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

-- Enter the fair order, unless there already or resting. max(): who was idle has banked nothing.
local function join(tenant, virtual)
    if call('ZSCORE', ready, tenant) or call('ZSCORE', resting, tenant) then return end
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
    if has_work(tenant) then join(tenant, virtual) end
end

-- Jobs of a tenant take turns; a job's items are first in, first out.
local function push_last(tenant, job, item, lane)
    mark(tenant, 1)
    if call('RPUSH', space .. 'job:' .. job, item) == 1 then call('RPUSH', lane_of(tenant, lane), job) end
end

local function push_first(tenant, job, item, lane)
    mark(tenant, 1)
    local jobs = lane_of(tenant, lane)
    call('LPUSH', space .. 'job:' .. job, item)
    call('LREM', jobs, 1, job)
    call('LPUSH', jobs, job)
end

-- The tenant's next item, its job, its lane, and whether the tenant has more.
local function pop(tenant)
    local lane = '0'
    local job = call('LPOP', lane_of(tenant, lane))
    if not job then
        lane = '1'
        job = call('LPOP', lane_of(tenant, lane))
    end
    local items = space .. 'job:' .. job
    local item = call('LPOP', items)
    mark(tenant, -1)
    if call('EXISTS', items) == 1 then call('RPUSH', lane_of(tenant, lane), job) end
    return item, job, lane, has_work(tenant)
end

local function settings_of(tenant)
    local setting = call('HGET', tenants, tenant)
    if not setting then return 1, 0 end
    local weight, cap = string.match(setting, '^(%S+) (%d+)')
    return tonumber(weight), tonumber(cap)
end

-- Accounts ---------------------------------------------------------------------------------------------------------------

local function load_account(name, now, window)
    local fields = call('HMGET', space .. 'account:' .. name, 'cap', 'burst', 'slots', 'paused_until', 'schedule')
    if not fields[1] then return nil end
    local log, slots = space .. 'log:' .. name, space .. 'slots:' .. name
    call('ZREMRANGEBYSCORE', log, '-inf', whole(now - window))
    local cap = tonumber(fields[1])
    return {
        name = name, cap = cap, burst = tonumber(fields[2]), slots = tonumber(fields[3]),
        paused_until = tonumber(fields[4] or 0), schedule = tonumber(fields[5] or 0),
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
end

-- Operations -------------------------------------------------------------------------------------------------------------

local function wake_due(now, virtual)
    for _, tenant in ipairs(call('ZRANGEBYSCORE', resting, '-inf', whole(now), 'LIMIT', 0, MOVES_MAX)) do
        wake(tenant, virtual)
    end
    for _, entry in ipairs(call('ZRANGEBYSCORE', delayed, '-inf', whole(now), 'LIMIT', 0, MOVES_MAX)) do
        call('ZREM', delayed, entry)
        local item, job, lane, tenant = string.match(entry, '^(%d+):(%d+):(%d):(.*)$')
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

-- take: places, W + D, W, number of accounts, accounts…, attempt ids… (one for each place)
-- → now, wait (µs until asking again may help; 0 at once; -1 only after a change), then for each grant item, job, tenant,
--   lane, account, attempt, and the virtual time charged.
local function take()
    local places, window, own_window, count = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
    local now, virtual = read_clock(), read_virtual()
    wake_due(now, virtual)
    local accounts = {}
    for index = 1, count do
        accounts[#accounts + 1] = load_account(ARGV[6 + index], now, window)
    end
    local answer, granted, wait = { now, 0 }, 0, 0
    local last, run = nil, 0
    while granted < places do
        local first = call('ZRANGE', ready, 0, 1, 'WITHSCORES')
        local tenant, tag = first[1], tonumber(first[2])
        if not tenant then wait = next_due() - now break end
        local account, soonest = roomiest(accounts, now, window)
        if not account then wait = soonest - now break end
        if tenant == last and run >= RUN_MAX then
            tenant, tag = first[3], tonumber(first[4])
            if not tenant then wait = 0 break end
        end
        local weight, cap = settings_of(tenant)
        local blocked_until = own_cap_until(tenant, cap, now, own_window)
        if blocked_until then
            rest(tenant, blocked_until)
            call('HINCRBY', space .. 'held', tenant, whole((blocked_until - now) / 1000))
        else
            granted = granted + 1
            local attempt = ARGV[6 + count + granted]
            local item, job, lane, more = pop(tenant)
            local step = math.floor(UNIT / weight + 0.5)
            if more then
                call('ZADD', ready, whole(tag + step), tenant)
            else
                call('ZREM', ready, tenant)
                call('ZADD', tags, whole(tag + step), tenant)
            end
            call('SREM', queued, item)
            charge(account, attempt, now)
            remember_own(tenant, cap, attempt, now, own_window)
            virtual = math.max(virtual, tag)
            run = tenant == last and run + 1 or 1
            last = tenant
            for _, value in ipairs({ item, job, tenant, lane, account.name, attempt, step }) do answer[#answer + 1] = value end
        end
    end
    for _, account in ipairs(accounts) do
        call('HSET', space .. 'account:' .. account.name, 'schedule', whole(account.schedule))
    end
    call('ZREMRANGEBYSCORE', tags, '-inf', whole(virtual))
    call('HSET', state, 'clock', whole(now), 'virtual', whole(virtual))
    if granted > 0 then call('HSET', state, 'moved_at', whole(now)) end
    answer[2] = wait == NEVER and -1 or math.max(0, wait)
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
                local place = call('ZSCORE', resting, tenant) and tags or ready
                call('ZREM', tags, tenant)
                call('ZADD', place, whole(before), tenant)
            end
        end
    end
    return 1
end

-- remove: (tenant, job, item, lane)… → how many waited; no turn is taken or charged. Who has nothing left leaves the order.
local function remove()
    local removed = 0
    for index = 3, #ARGV, 4 do
        local tenant, job, item, lane = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
        if call('SREM', queued, item) == 1 then
            removed = removed + 1
            if call('ZREM', delayed, item .. ':' .. job .. ':' .. lane .. ':' .. tenant) == 0 then
                local items = space .. 'job:' .. job
                if call('LREM', items, 1, item) == 1 then mark(tenant, -1) end
                if call('EXISTS', items) == 0 then
                    call('LREM', lane_of(tenant, '0'), 1, job)
                    call('LREM', lane_of(tenant, '1'), 1, job)
                end
                if not has_work(tenant) then leave(tenant) end
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

-- pause: account, µs → the account takes no call for so long, on all replicas; never shortens a longer pause.
local function pause()
    local account, until_time = space .. 'account:' .. ARGV[3], read_clock() + tonumber(ARGV[4])
    local before = tonumber(call('HGET', account, 'paused_until') or 0)
    call('HSET', account, 'paused_until', whole(math.max(before, until_time)))
    return 1
end

-- accounts: (name, cap, burst, slots)…
local function set_accounts()
    for index = 3, #ARGV, 4 do
        call('HSET', space .. 'account:' .. ARGV[index],
            'cap', ARGV[index + 1], 'burst', ARGV[index + 2], 'slots', ARGV[index + 3])
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

-- open: run id of this Redis → 1, or 0 when a later epoch is open already.
local function open()
    call('HSET', pointer, 'epoch', epoch, 'run_id', ARGV[3])
    return 1
end

-- figures: W, accounts… → queue length, µs since the queue last moved, then for each account grants in W, cap, live, µs of pause
local function figures()
    local now = read_clock()
    local answer = { call('SCARD', queued), now - tonumber(call('HGET', state, 'moved_at') or now) }
    for index = 4, #ARGV do
        local name = ARGV[index]
        local fields = call('HMGET', space .. 'account:' .. name, 'cap', 'paused_until')
        answer[#answer + 1] = call('ZCOUNT', space .. 'log:' .. name, '(' .. whole(now - tonumber(ARGV[3])), '+inf')
        answer[#answer + 1] = tonumber(fields[1] or 0)
        answer[#answer + 1] = call('ZCARD', space .. 'slots:' .. name)
        answer[#answer + 1] = math.max(0, tonumber(fields[2] or 0) - now)
    end
    return answer
end

-- While a rebuild fills the space of a new epoch, only these may touch it; nothing is granted before `open`.
local BUILDING = { file = file, accounts = set_accounts, tenants = set_tenants, terms = set_terms, remember = remember, open = open }
local OPEN = { take = take, give_back = give_back, remove = remove, release = release, pause = pause, figures = figures }

local current = tonumber(call('HGET', pointer, 'epoch') or 0)
if tonumber(epoch) == current then return (OPEN[operation] or BUILDING[operation])() end
if tonumber(epoch) > current and BUILDING[operation] then return BUILDING[operation]() end
return redis.error_reply('CLOSED epoch ' .. epoch .. ' is not open')
