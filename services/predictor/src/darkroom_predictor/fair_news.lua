-- A part of one script, see fair_names.lua.

-- News -------------------------------------------------------------------------------------------------------------------

-- Whether a model is broken: the provider refuses it, or predictions of several tenants fail, none counting for more than its share.
local function is_failing(model, rule)
    if tonumber(call('HGET', breaker_of(model), 'create') or 0) >= rule.failures then return true end
    local counts, sum = call('HVALS', failing_of(model)), 0
    for _, count in ipairs(counts) do sum = sum + tonumber(count) end
    return #counts >= rule.tenants and sum >= rule.failures
end

-- Room for one more tenant among those whose failures are counted: of a full list, counts that slow nobody are forgotten.
local function has_room(model)
    local key = slowed_of(model)
    if call('HLEN', key) < TENANTS_MAX then return true end
    for _, tenant in ipairs(call('HKEYS', key)) do
        if load_slowed(model, tenant).open_until == 0 then call('HDEL', key, tenant) end
    end
    return call('HLEN', key) < TENANTS_MAX
end

local function hear_failed_run(model, failures, tenant, now, rule)
    local failing, share = failing_of(model), math.ceil(rule.failures / rule.tenants)
    local before = tonumber(call('HGET', failing, tenant))
    if before or call('HLEN', failing) < math.max(rule.failures, rule.tenants) then
        call('HSET', failing, tenant, whole(math.min(share, (before or 0) + failures)))
    end
    if call('HEXISTS', slowed_of(model), tenant) == 0 and not has_room(model) then return end
    local slowed = load_slowed(model, tenant)
    slowed.failures = slowed.failures + failures
    if slowed.failures >= rule.failures and slowed.open_until == 0 then
        slowed.open_until, slowed.pause, slowed.since = now + tonumber(rule.pause), tonumber(rule.pause), now
        call('ZADD', aside_of(model), 'XX', 'GT', whole(slowed.open_until), tenant)
    end
    keep_slowed(model, tenant, slowed)
end

local function hear_failures(model, kind, failures, tenant, now, rule)
    local key = breaker_of(model)
    call('HINCRBY', key, kind, failures)
    if kind == 'run' then hear_failed_run(model, failures, tenant, now, rule) end
    if call('HEXISTS', key, 'open_until') == 0 and is_failing(model, rule) then
        call('HSET', key, 'open_until', whole(now + tonumber(rule.pause)), 'pause', rule.pause, 'opened_at', whole(now))
    end
end

local function hear_success(model, kind, tenant, rule)
    call('HDEL', breaker_of(model), kind)
    if kind == 'run' then
        call('DEL', failing_of(model))
        if call('HDEL', slowed_of(model), tenant) == 1 then call('ZADD', aside_of(model), 'XX', 0, tenant) end
    end
    if not is_failing(model, rule) then
        call('HDEL', breaker_of(model), 'open_until', 'pause', 'opened_at')
        call('DEL', tried_of(model))
    end
    forget_if_well(model)
end

local function show_slowed(model, now)
    local answer, found = {}, call('HKEYS', slowed_of(model))
    table.sort(found)
    for _, tenant in ipairs(found) do
        local slowed = load_slowed(model, tenant)
        if slowed.open_until > 0 then
            for _, value in ipairs({ tenant, slowed.failures, now - slowed.since, math.max(0, slowed.open_until - now) }) do
                answer[#answer + 1] = value
            end
        end
    end
    return answer
end
