-- A part of one script, see fair_state.lua.

-- Models -----------------------------------------------------------------------------------------------------------------
-- A model with failures has a breaker. Open: its jobs are held aside, and one trial call passes after each pause.

local function breaker_of(model) return space .. 'breaker:' .. model end

-- Put a model's held jobs back, the longest held first; → how many are left.
local function put_back(model, count, virtual)
    local held = aside_of(model)
    for _, entry in ipairs(call('ZRANGE', held, 0, count - 1)) do
        call('ZREM', held, entry)
        local job, lane, tenant = string.match(entry, '^(%d+@%x+):(%d):(.*)$')
        if put_first(tenant, job, lane) > 0 then join(tenant, virtual) end
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
    set_aside(tenant, job, lane)
    call('ZADD', aside_of(model), whole(now), held_entry(job, lane, tenant))
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
