-- A part of one script, see fair_names.lua.

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

-- How many entries an account's log and slots have, kept apart from them: fewer than that means that some were lost.
local function check_count(set, name, found)
    if found < (read_state(set .. ':' .. name) or 0) then lost = set .. ' of ' .. name end
end

local function save_count(set, name) write_state(set .. ':' .. name, call('ZCARD', space .. set .. ':' .. name)) end

-- Read at once what check_count compares, and the usual fields with it.
local function fetch_counts(names)
    local fields = { unpack(USUAL) }
    for _, name in ipairs(names) do
        fields[#fields + 1] = 'log:' .. name
        fields[#fields + 1] = 'slots:' .. name
    end
    fetch_state(fields)
end

local function load_account(name, now, window)
    local key = space .. 'account:' .. name
    local fields = call('HMGET', key, 'cap', 'burst', 'slots', 'paused_until', 'schedule', 'cut', 'calm_at', 'retry')
    if not fields[1] then return nil end
    local log, slots = space .. 'log:' .. name, space .. 'slots:' .. name
    local logged, live = call('ZCARD', log), call('ZCARD', slots)
    check_count('log', name, logged)
    check_count('slots', name, live)
    logged = logged - call('ZREMRANGEBYSCORE', log, '-inf', whole(now - window))
    local whole_cap = tonumber(fields[1])
    local cap = cap_in_force(key, whole_cap, tonumber(fields[6]), tonumber(fields[7]), now)
    return {
        name = name, key = key, cap = cap, slots = tonumber(fields[3]),
        burst = math.max(1, math.floor(tonumber(fields[2]) * cap / math.max(1, whole_cap))),
        paused_until = tonumber(fields[4] or 0), schedule = tonumber(fields[5] or 0), retry = tonumber(fields[8]),
        interval = cap > 0 and math.ceil(window / cap) or NEVER,
        log = log, calls = {}, granted = logged, taken = slots, live = live,
    }
end

-- Write the calls that were granted into the account's log and slots.
local function log_calls(account)
    if #account.calls == 0 then return end
    call('ZADD', account.log, unpack(account.calls))
    call('ZADD', account.taken, unpack(account.calls))
    account.calls = {}
end

-- When the account may take its next call, as far as is known now.
local function free_at(account, window)
    if account.cap <= 0 or account.live >= account.slots then return NEVER end
    local at = math.max(account.paused_until, account.schedule - (account.burst - 1) * account.interval)
    if account.granted >= account.cap then
        log_calls(account)
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

-- What the calls that were granted have changed.
local function save_account(account)
    log_calls(account)
    if account.charged then call('HSET', account.key, 'schedule', whole(account.schedule)) end
    write_state('log:' .. account.name, account.granted)
    write_state('slots:' .. account.name, account.live)
end

local function charge(account, attempt, now)
    account.charged = true
    account.schedule = math.max(now, account.schedule) + account.interval
    account.granted = account.granted + 1
    account.live = account.live + 1
    account.calls[#account.calls + 1] = whole(now)
    account.calls[#account.calls + 1] = attempt
    if not account.retry then return 0 end
    -- A stopped account: this call is the probe, and the next one comes no sooner, whatever is heard of this one.
    account.paused_until = now + account.retry
    call('HSET', account.key, 'paused_until', whole(account.paused_until))
    return 1
end
