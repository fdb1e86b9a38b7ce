-- A part of one script, see fair_names.lua.

-- Turns: who is next, what waits, what waits no longer ------------------------------------------------------------------

-- Nothing is granted any more, on no replica, until the limiter has been rebuilt under a new epoch.
local function close()
    call('DEL', pointer)
    return redis.error_reply('CLOSED ' .. lost .. ' was lost from Redis')
end

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

-- The tenant's starts at other providers within its window, by their own clocks, and how long until the first of them leaves it.
local function started_elsewhere(tenant, window)
    local count, first_leaves = 0, NEVER
    for _, other in ipairs(other_spaces()) do
        local clock = tonumber(call('HGET', other .. 'state', 'clock') or 0)
        local log, since = other .. 'own:' .. tenant, '(' .. whole(clock - window)
        count = count + call('ZCOUNT', log, since, '+inf')
        local first = call('ZRANGEBYSCORE', log, since, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
        if first[2] then first_leaves = math.min(first_leaves, tonumber(first[2]) + window - clock) end
    end
    return count, first_leaves
end

-- A tenant with a cap of its own: until when it must rest, or nil.
local function own_cap_until(tenant, cap, now, window)
    if cap == 0 then return nil end
    local own = own_log(tenant)
    call('ZREMRANGEBYSCORE', own, '-inf', whole(now - window))
    local granted, elsewhere, first_leaves = call('ZCARD', own), started_elsewhere(tenant, window)
    if granted + elsewhere < cap then return nil end
    if elsewhere > 0 then
        local first = call('ZRANGE', own, 0, 0, 'WITHSCORES')
        return now + math.min(first_leaves, first[2] and tonumber(first[2]) + window - now or NEVER)
    end
    return tonumber(call('ZRANGE', own, granted - cap, granted - cap, 'WITHSCORES')[2]) + window
end

local function remember_own(tenant, cap, attempt, now, window)
    if cap == 0 then return end
    local own = own_log(tenant)
    call('ZADD', own, whole(now), attempt)
    call('PEXPIRE', own, whole(math.ceil(window / 1000) + 1000))
end

-- A tenant's slots are taken: it rests until one is released, or is looked at again where releases elsewhere wake nobody here.
local function rest_as_full(tenant, slots, now)
    local _, some_elsewhere = is_full(tenant, slots)
    rest(tenant, some_elsewhere and now + LOOK_AGAIN or NEVER)
    call('SADD', full, tenant)
end

local function rest_at_own_cap(tenant, until_time, now)
    rest(tenant, until_time)
    call('HINCRBY', space .. 'held', tenant, whole((until_time - now) / 1000))
end

-- What a grant changes in the fair order; → item, the virtual time charged.
local function take_turn(tenant, tag, weight, job, lane, found)
    local item, more = pop(tenant, job, lane, found)
    local step = step_of(weight)
    call('ZADD', ready, whole(tag + step), tenant)
    if not more then leave_empty(tenant) end
    drop_queued(item)
    return item, step
end

-- A call may start: it counts for its account, its tenant and its model, and is told.
local function grant(answer, turn, account, now, own_window)
    local probe = charge(account, turn.attempt, now)
    remember_own(turn.tenant, turn.cap, turn.attempt, now, own_window)
    take_slot(turn.tenant, model_of(turn.job), turn.attempt)
    for _, value in ipairs({
        turn.item, turn.job, turn.tenant, turn.lane, account.name, turn.attempt, turn.step, probe,
    }) do answer[#answer + 1] = value end
end

-- Calls were granted: virtual time is where they left it, and who has no more than that has banked nothing.
local function save_time(virtual, now)
    call('ZREMRANGEBYSCORE', tags, '-inf', whole(virtual))
    write_state('virtual', virtual)
    write_state('moved_at', now)
end

-- take: places, W + D, W, number of accounts, accounts…, attempt ids… (one for each place)
-- → now, wait (µs until asking again may help; 0 at once; -1 only after a change), the watch list, by how much Redis' clock is ahead
--   of now, then for each grant item, job, tenant, lane, account, attempt, the virtual time charged, and 1 where it is the probe of
--   a stopped account.
local function take()
    local places, window, own_window, count = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
    local names, accounts = { unpack(ARGV, 7, 6 + count) }, {}
    fetch_counts(names)
    local now, ahead = keep_clock()
    local virtual = read_virtual()
    wake_due(now, virtual)
    local function own_cap_of(tenant)
        local _, cap, slots = settings_of(tenant)
        if is_full(tenant, slots) then return now + LOOK_AGAIN end
        return own_cap_until(tenant, cap, now, own_window)
    end
    local models = look_at_models(now, virtual, own_cap_of)
    for _, name in ipairs(names) do accounts[#accounts + 1] = load_account(name, now, window) end
    if lost then return close() end
    local answer, granted, wait, held = { now, 0, '', ahead }, 0, 0, 0
    local last, run = nil, 0
    while granted < places do
        local first = call('ZRANGE', ready, 0, 1, 'WITHSCORES')
        local tenant, tag = first[1], tonumber(first[2])
        local trial_model, trial_tenant = next_trial(models, now, virtual, own_cap_of)
        if not tenant and not trial_model then
            wait = math.min(next_due(), next_look(models)) - now
            break
        end
        local account, soonest = roomiest(accounts, now, window)
        if not account then wait = soonest - now break end
        if not trial_model and tenant == last and run >= RUN_MAX then
            tenant, tag = first[3], tonumber(first[4])
            if not tenant then wait = 0 break end
        end
        local weight, cap, slots = settings_of(trial_tenant or tenant)
        local job, lane, found
        if not trial_model then job, lane, found = next_job(tenant) end
        local blocked_until = job and own_cap_until(tenant, cap, now, own_window)
        if trial_model then
            granted = granted + 1
            local turn = { tenant = trial_tenant, cap = cap, attempt = ARGV[6 + count + granted] }
            turn.item, turn.job, turn.lane, turn.step = take_trial(trial_model, trial_tenant, weight, models, now, virtual)
            grant(answer, turn, account, now, own_window)
        elseif unfinished then
            wait = 0 break
        elseif not job then
            -- Its items are in no lane: something was lost from Redis, and the repair is told.
            add_state('gaps', 1)
            forget_waiting(tenant)
            leave_empty(tenant)
        elseif is_full(tenant, slots) then
            rest_as_full(tenant, slots, now)
        elseif blocked_until then
            rest_at_own_cap(tenant, blocked_until, now)
        elseif models.hold and held_aside(tenant, tag, job, lane, found, models, now) then
            held = held + 1
            if held >= MOVES_MAX then wait = 0 break end
        else
            granted = granted + 1
            local turn = { tenant = tenant, cap = cap, attempt = ARGV[6 + count + granted], job = job, lane = lane }
            turn.item, turn.step = take_turn(tenant, tag, weight, job, lane, found)
            if models.hold then note_turn(model_of(job), tenant, models, now) end
            grant(answer, turn, account, now, own_window)
            virtual = math.max(virtual, tag)
            run = tenant == last and run + 1 or 1
            last = tenant
        end
    end
    for _, account in ipairs(accounts) do save_account(account) end
    if granted > 0 then save_time(virtual, now) end
    answer[2] = wait == NEVER and -1 or math.max(0, wait)
    answer[3] = models.any and watch_list() or ''
    return answer
end

-- file: (tenant, job, item, lane, delay in µs)… → how many were new. Filing an item again changes nothing.
local function file()
    local now, virtual, new = read_clock(), read_virtual(), 0
    if count_queued() == 0 then write_state('moved_at', now) end
    for index = 3, #ARGV, 5 do
        local tenant, job, item = ARGV[index], ARGV[index + 1], ARGV[index + 2]
        local lane, delay = ARGV[index + 3], tonumber(ARGV[index + 4])
        if add_queued(item) then
            new = new + 1
            if delay > 0 then
                call('ZADD', delayed, whole(now + delay), delayed_entry(tenant, job, item, lane))
            else
                push_last(tenant, job, item, lane)
                join(tenant, virtual)
            end
        end
    end
    return new
end

-- The turn counts for the tenant's own cap no longer; → whether the tenant rests no longer.
local function forget_own(tenant, attempt)
    if call('ZREM', own_log(tenant), attempt) == 0 then return false end
    local until_time = call('ZSCORE', resting, tenant)
    return until_time and until_time ~= 'inf' and call('ZREM', resting, tenant) == 1
end

-- give_back: (tenant, job, item, lane, attempt)… → to the head of its tenant, which gets back what the turn had cost it.
local function give_back()
    local virtual = read_virtual()
    for index = 3, #ARGV, 5 do
        local tenant, job, item = ARGV[index], ARGV[index + 1], ARGV[index + 2]
        local lane, attempt = ARGV[index + 3], ARGV[index + 4]
        local woken = forget_own(tenant, attempt)
        if add_queued(item) then
            push_first(tenant, job, item, lane)
            local tag = call('ZSCORE', ready, tenant)
            local waits = call('ZSCORE', resting, tenant) or not has_work(tenant)
            local before = tonumber(tag) or math.max(virtual, tonumber(call('ZSCORE', tags, tenant) or 0))
            call('ZREM', tags, tenant)
            call('ZADD', waits and tags or ready, whole(before - step_of((settings_of(tenant)))), tenant)
        elseif woken then
            join(tenant, virtual)
        end
    end
    return 1
end

-- Take an item out, wherever it waits and whatever is known of it.
local function take_out(tenant, job, item, lane)
    if call('ZREM', delayed, delayed_entry(tenant, job, item, lane)) == 1 then return end
    drop_item(tenant, job, item)
    if not has_work(tenant) then leave_empty(tenant) end
end

-- remove: (tenant, job, item, lane)… → how many waited; no turn is taken or charged. Who has nothing left leaves the order.
local function remove()
    local removed = 0
    for index = 3, #ARGV, 4 do
        local tenant, job, item, lane = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
        if drop_queued(item) then
            removed = removed + 1
            take_out(tenant, job, item, lane)
        end
    end
    return removed
end

-- release: (account, attempt)… → the slots of ended attempts are free, their accounts' and their tenants'; again: nothing.
local function release()
    local accounts, virtual = {}, read_virtual()
    for index = 3, #ARGV, 2 do
        accounts[ARGV[index]] = true
        free_slot(ARGV[index + 1], virtual)
        call('ZREM', space .. 'slots:' .. ARGV[index], ARGV[index + 1])
    end
    for account in pairs(accounts) do save_count('slots', account) end
    return 1
end

-- What this call has changed and not yet written.
local function save_changes()
    local values = {}
    for field in pairs(changed) do
        values[#values + 1] = field
        values[#values + 1] = whole(known[field])
    end
    if #values > 0 then call('HSET', state, unpack(values)) end
    for tenant, more in pairs(uncounted) do call('HINCRBY', space .. 'waiting', tenant, more) end
    for tenant, more in pairs(taken) do call('HINCRBY', running, tenant, more) end
    for model, more in pairs(taken_models) do call('HINCRBY', running_models, model, more) end
end

local current = tonumber(call('HGET', pointer, 'epoch') or 0)

-- The counts are kept of what was done, also where an operation fails half-way.
local function run(operate)
    local done, answer = pcall(operate)
    save_changes()
    if not done then error(answer, 0) end
    return answer
end

-- The operations of every turn end here: building the functions that follow would cost as much again as their work.
local TURNS = { take = take, file = file, give_back = give_back, remove = remove, release = release }
if tonumber(epoch) == current and TURNS[operation] then return run(TURNS[operation]) end
