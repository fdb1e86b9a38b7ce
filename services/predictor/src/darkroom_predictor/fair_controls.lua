-- A part of one script, see fair_names.lua.

-- Controls: what happened to calls, limits and terms as they are set, rebuilding, and which operation is asked for ----------

-- refile: as file, of items whose traces in Redis do not fit together: all that is left of them is taken out first.
local function refile()
    for index = 3, #ARGV, 5 do
        local tenant, job, item, lane = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
        drop_queued(item)
        take_out(tenant, job, item, lane)
    end
    return file()
end

-- standing: (tenant, job, item, lane)… → for each 1 where it is queued and stands where its turn can find it, else 0.
local function standing()
    local answer = {}
    for index = 3, #ARGV, 4 do
        local tenant, job, item, lane = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
        local found = call('SISMEMBER', queued_set(item), item) == 1
        if found and not call('ZSCORE', delayed, delayed_entry(tenant, job, item, lane)) then
            local known, _, only = find_job(job)
            found = known and (only == item or only == '' and call('LPOS', items_of(job), item))
        end
        answer[#answer + 1] = found and 1 or 0
    end
    return answer
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

-- heard: failures in a row that open a breaker, tenants whose predictions must have failed, µs of the first pause and of the longest,
-- then (model, name, 'create' or 'run', failures or 0 for a success, tenant)… → the watch list. What failed at creation is proved
-- well by a creation, what failed while it ran by a run.
local function heard()
    local now = read_clock()
    local rule = { failures = tonumber(ARGV[3]), tenants = tonumber(ARGV[4]), pause = ARGV[5], pause_max = ARGV[6] }
    for index = 7, #ARGV, 5 do
        local model, name, kind = ARGV[index], ARGV[index + 1], ARGV[index + 2]
        local failures, tenant = tonumber(ARGV[index + 3]), ARGV[index + 4]
        if failures > 0 then
            call('SADD', watched, model)
            call('HSET', breaker_of(model), 'name', name, 'pause_max', rule.pause_max)
            hear_failures(model, kind, failures, tenant, now, rule)
        elseif call('EXISTS', breaker_of(model)) == 1 then
            hear_success(model, kind, tenant, rule)
        end
    end
    return watch_list()
end

-- models: failures in a row that open a breaker → for each model with failures, slowed tenants or a bound of its own: its mark, its
-- name, failures, µs since it opened (-1: closed), µs to its next trial, 1 where the provider itself refuses it, its slots or 0, its
-- predictions in flight, and its slowed tenants: name, failures, µs since it was slowed, µs to its next trial.
local function show_models()
    local now, answer, bounds = read_clock(), {}, {}
    local found, bounded = call('SMEMBERS', watched), call('HGETALL', model_slots)
    for index = 1, #bounded, 2 do
        local model = bounded[index]
        bounds[model] = { string.match(bounded[index + 1], '^(%d+) (.*)$') }
        if call('SISMEMBER', watched, model) == 0 then found[#found + 1] = model end
    end
    table.sort(found)
    for _, model in ipairs(found) do
        local fields = call('HMGET', breaker_of(model), 'name', 'create', 'run', 'open_until', 'opened_at')
        local created, ran = tonumber(fields[2] or 0), tonumber(fields[3] or 0)
        local slowed, bound = show_slowed(model, now), bounds[model] or {}
        if created + ran + #slowed > 0 or bound[1] then
            answer[#answer + 1] = {
                model, fields[1] or bound[2] or '', math.max(created, ran), fields[5] and now - tonumber(fields[5]) or -1,
                math.max(0, tonumber(fields[4] or 0) - now), created >= tonumber(ARGV[3]) and 1 or 0, tonumber(bound[1] or 0),
                tonumber(call('HGET', running_models, model) or 0), slowed,
            }
        end
    end
    return answer
end

-- tried: a model's mark → the tenants that have had a trial since it opened.
local function show_tried() return call('ZRANGE', tried_of(ARGV[3]), 0, -1) end

-- accounts: order, (name, cap, burst, slots)… → in force at once, unless a later order has been heard of. The pacer's debt stays as
-- many calls as it was, at the new pace.
local function set_accounts()
    local now, order = read_clock(), tonumber(ARGV[3])
    if order < (read_state('order') or 0) then return 0 end
    write_state('order', order)
    for index = 4, #ARGV, 4 do
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

-- model_slots: order, (model, slots, name)… → all models with a bound of their own, in force from the next turn on; an older order
-- changes nothing.
local function set_model_slots()
    local order = tonumber(ARGV[3])
    if order < (read_state('order') or 0) then return 0 end
    write_state('order', order)
    call('DEL', model_slots)
    for index = 4, #ARGV, 3 do
        call('HSET', model_slots, ARGV[index], ARGV[index + 1] .. ' ' .. ARGV[index + 2])
    end
    write_state('model_slots', (#ARGV - 3) / 3)
    return 1
end

-- What is left of the turn before is worth as many turns at the new weight.
local function weigh_anew(tenant, before, after, virtual)
    for _, place in ipairs({ ready, tags }) do
        local tag = tonumber(call('ZSCORE', place, tenant) or 0)
        if tag > virtual and before ~= after then
            call('ZADD', place, whole(virtual + math.floor((tag - virtual) * before / after + 0.5)), tenant)
        end
    end
end

-- tenants: (tenant, weight, cap or 0, slots or 0, paused 1/0, revision)… → in force from the next turn on; an older revision changes
-- nothing.
local function set_tenants()
    local virtual = read_virtual()
    for index = 3, #ARGV, 6 do
        local tenant, paused, revision = ARGV[index], ARGV[index + 4], tonumber(ARGV[index + 5])
        local before = call('HGET', tenants, tenant) or ''
        local setting = table.concat({ ARGV[index + 1], ARGV[index + 2], ARGV[index + 3], paused, whole(revision) }, ' ')
        if setting ~= before and tonumber(string.match(before, '(%d+)$') or 0) <= revision then
            weigh_anew(tenant, (read_setting(before)), tonumber(ARGV[index + 1]), virtual)
            call('HSET', tenants, tenant, setting)
            if before == '' then add_state('tenants', 1) end
            mark(tenant, 0)
            call('SREM', full, tenant)
            if paused == '1' then rest(tenant, NEVER) else wake(tenant, virtual) end
        end
    end
    return 1
end

-- terms: which state of the table of tenants this is.
local function set_terms() return call('HSET', state, 'terms', ARGV[3]) end

-- remember: W of own caps, (account, attempt, age in µs or -1, live 1/0, tenant, model)… → the logs and the slots of a limiter that is being
-- rebuilt.
local function remember()
    local now, accounts = read_clock(), {}
    for index = 4, #ARGV, 6 do
        local account, attempt, age = ARGV[index], ARGV[index + 1], tonumber(ARGV[index + 2])
        local tenant, window = ARGV[index + 4], tonumber(ARGV[3])
        local _, cap = settings_of(tenant)
        if age >= 0 and age < window then remember_own(tenant, cap, attempt, now - age, window) end
        if age >= 0 then call('ZADD', space .. 'log:' .. account, whole(now - age), attempt) end
        if ARGV[index + 3] == '1' then
            call('ZADD', space .. 'slots:' .. account, 'NX', whole(now), attempt)
            take_slot(tenant, ARGV[index + 5], attempt)
        end
        accounts[account] = true
    end
    for account in pairs(accounts) do
        save_count('log', account)
        save_count('slots', account)
    end
    return 1
end

-- clock: → now, and by how much Redis' clock is ahead of it.
local function show_clock() return { keep_clock() } end

-- old_slots: account, µs → the attempts that have held a slot for longer than that.
local function old_slots()
    return call('ZRANGEBYSCORE', space .. 'slots:' .. ARGV[3], '-inf', whole(read_clock() - tonumber(ARGV[4])))
end

-- open: run id of this Redis, format of what is kept → 1
local function open()
    keep_clock()
    call('HSET', pointer, 'epoch', epoch, 'run_id', ARGV[3], 'format', ARGV[4])
    return 1
end

-- audit: → what does not fit together, in words. All that each part says is compared with what the others say, but for the sums of
-- the job lists (weigh).
local function audit()
    local found, waiting_in_lanes = {}, 0
    read_clock()
    if lost then found[#found + 1] = lost end
    local counts = call('HGETALL', space .. 'waiting')
    for index = 1, #counts, 2 do
        local tenant, count = counts[index], tonumber(counts[index + 1])
        waiting_in_lanes = waiting_in_lanes + count
        if count > 0 then
            local placed = call('ZSCORE', ready, tenant) or call('ZSCORE', resting, tenant)
            if not placed then found[#found + 1] = 'the place of tenant ' .. tenant end
            if call('EXISTS', lane_of(tenant, '0'), lane_of(tenant, '1')) == 0 then
                found[#found + 1] = 'the lanes of tenant ' .. tenant
            end
        end
    end
    fetch_state({ 'gaps', 'held', 'tenants', 'model_slots' })
    local held, live_count = read_state('held') or 0, read_state('live') or 0
    if (read_state('gaps') or 0) > 0 then found[#found + 1] = 'jobs of a lane' end
    if waiting_in_lanes + call('ZCARD', delayed) + held ~= count_queued() then
        found[#found + 1] = 'items of lanes, or delayed, or held aside'
    end
    for _, counts_of in ipairs({ running, running_models }) do
        local slots = 0
        for _, count in ipairs(call('HVALS', counts_of)) do slots = slots + tonumber(count) end
        if call('HLEN', live) ~= live_count or slots ~= live_count then found[#found + 1] = 'attempts in flight' end
    end
    local asides = 0
    for _, model in ipairs(call('SMEMBERS', watched)) do asides = asides + call('EXISTS', aside_of(model)) end
    if held > 0 and asides == 0 then found[#found + 1] = 'jobs held aside' end
    if call('HLEN', tenants) < (read_state('tenants') or 0) then found[#found + 1] = 'terms of tenants' end
    if call('HLEN', model_slots) < (read_state('model_slots') or 0) then found[#found + 1] = 'bounds of models' end
    return found
end

-- weigh: cursor, keys at most → the next cursor, items in the sets of queued items, job records, lists of items, items in them;
-- of the keys that a scan from that cursor finds.
local function weigh()
    local scan = call('SCAN', ARGV[3], 'MATCH', space .. '*', 'COUNT', ARGV[4])
    local queued_items, records, lists, listed = 0, 0, 0, 0
    for _, key in ipairs(scan[2]) do
        local kind = string.match(string.sub(key, #space + 1), '^(%a+):')
        if kind == 'queued' then
            queued_items = queued_items + call('SCARD', key)
        elseif kind == 'jobs' then
            records = records + call('HLEN', key)
        elseif kind == 'job' then
            lists, listed = lists + 1, listed + call('LLEN', key)
        end
    end
    return { scan[1], queued_items, records, lists, listed }
end

-- close: what → the limiter is closed on all replicas, because that was lost.
local function close_lost()
    lost = ARGV[3]
    return close()
end

-- figures: W, accounts… → queue length, µs since the queue last moved, then for each account grants in W, cap, cap in force,
-- burst, slots, live, µs of pause, why it is stopped or ''
local function figures()
    local now = read_clock()
    local answer = { count_queued(), now - (read_state('moved_at') or now) }
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
local BUILDING = {
    file = file, accounts = set_accounts, model_slots = set_model_slots, tenants = set_tenants, terms = set_terms,
    remember = remember, open = open, clock = show_clock,
}
local OPEN = {
    throttle = throttle, stop = stop, resume = resume, heard = heard, models = show_models, tried = show_tried, figures = figures,
    refile = refile, standing = standing, old_slots = old_slots, audit = audit, weigh = weigh, close = close_lost,
}

if tonumber(epoch) == current and (OPEN[operation] or BUILDING[operation]) then
    return run(OPEN[operation] or BUILDING[operation])
end
if tonumber(epoch) > current and BUILDING[operation] then return run(BUILDING[operation]) end
return redis.error_reply('CLOSED epoch ' .. epoch .. ' is not open')
