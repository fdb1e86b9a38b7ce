-- A part of one script, see fair_state.lua.

-- Turns: who is next, what waits, what waits no longer ------------------------------------------------------------------

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
    local function own_cap_of(tenant)
        local _, cap = settings_of(tenant)
        return own_cap_until(tenant, cap, now, own_window)
    end
    local accounts = {}
    for index = 1, count do
        accounts[#accounts + 1] = load_account(ARGV[6 + index], now, window)
    end
    local answer, granted, wait, held = { now, 0, '' }, 0, 0, 0
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
        local weight, cap = settings_of(trial_tenant or tenant)
        local job, lane
        if not trial_model then job, lane = next_job(tenant) end
        local blocked_until = job and own_cap_until(tenant, cap, now, own_window)
        if trial_model then
            granted = granted + 1
            local attempt = ARGV[6 + count + granted]
            local item, step
            item, job, lane, step = take_trial(trial_model, trial_tenant, weight, models, now, virtual)
            local probe = charge(account, attempt, now)
            remember_own(trial_tenant, cap, attempt, now, own_window)
            for _, value in ipairs({ item, job, trial_tenant, lane, account.name, attempt, step, probe }) do
                answer[#answer + 1] = value
            end
        elseif not job then
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
            if models.watched then note_turn(model_of(job), tenant, models, now) end
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
    local found, held_lane = call('LREM', items_of(job), 1, item), held_in(tenant, job)
    if found > 0 and not held_lane then mark(tenant, -1) end
    if call('EXISTS', items_of(job)) == 0 then
        if held_lane then drop_held(tenant, job, held_lane) end
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
