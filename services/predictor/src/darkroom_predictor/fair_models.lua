-- A part of one script, see fair_names.lua.

-- Models -----------------------------------------------------------------------------------------------------------------
-- A model with failures has a breaker. While it is open, all of the model's jobs are held aside, and one held item passes as a trial
-- after each pause; the trials go round among the tenants. Within a model, a tenant whose predictions fail has a breaker of its own:
-- its jobs of that model are held aside, and one of them takes its turn as a trial after each pause. A model with a bound of its own on
-- what is in flight is full while its slots are taken: its jobs are held aside, and come back one for each slot that is freed.

local function breaker_of(model) return space .. 'breaker:' .. model end

-- A hash: failed predictions since the last good one, by tenant.
local function failing_of(model) return space .. 'failing:' .. model end

-- A hash: by tenant 'failures in a row, time of its next trial or 0 while not slowed, next pause, slowed since or 0'.
local function slowed_of(model) return space .. 'slowed:' .. model end

-- A sorted set: when each tenant had its last trial of an open model.
local function tried_of(model) return space .. 'tried:' .. model end

local function load_slowed(model, tenant)
    local found = call('HGET', slowed_of(model), tenant)
    if not found then return { failures = 0, open_until = 0, pause = 0, since = 0 } end
    local failures, open_until, pause, since = string.match(found, '^(%d+) (%d+) (%d+) (%d+)$')
    return { failures = tonumber(failures), open_until = tonumber(open_until), pause = tonumber(pause), since = tonumber(since) }
end

local function keep_slowed(model, tenant, slowed)
    local fields = { whole(slowed.failures), whole(slowed.open_until), whole(slowed.pause), whole(slowed.since) }
    call('HSET', slowed_of(model), tenant, table.concat(fields, ' '))
end

-- A model without failures, without failing tenants and without held jobs needs no breaker; → whether it is forgotten.
local function forget_if_well(model)
    if call('HEXISTS', breaker_of(model), 'create') + call('HEXISTS', breaker_of(model), 'run') > 0 then return false end
    if call('EXISTS', slowed_of(model), aside_of(model)) > 0 then return false end
    call('DEL', breaker_of(model), failing_of(model), tried_of(model))
    call('SREM', watched, model)
    return true
end

-- Held jobs --------------------------------------------------------------------------------------------------------------

-- The held job of a tenant that is tried next, and its lane: fresh jobs first, the longest held first.
local function first_held(model, tenant)
    for _, lane in ipairs({ '0', '1' }) do
        local job = call('ZRANGE', held_jobs(model, lane, tenant), 0, 0)[1]
        if job then return job, lane end
    end
end

local function return_job(tenant, job, lane, virtual)
    drop_held(tenant, job, lane)
    if put_first(tenant, job, lane) > 0 then join(tenant, virtual) end
end

-- Put a tenant's held jobs back, the latest held first, so that the first one ends up in front; → how many.
local function return_jobs(model, tenant, count, virtual)
    local moved = 0
    for _, lane in ipairs({ '0', '1' }) do
        local jobs = moved < count and call('ZREVRANGE', held_jobs(model, lane, tenant), 0, count - moved - 1) or {}
        for _, job in ipairs(jobs) do return_job(tenant, job, lane, virtual) end
        moved = moved + #jobs
    end
    return moved
end

-- Put one held job of a tenant back; the tenant is not considered again before that time.
local function return_first(model, tenant, look_at, virtual)
    call('ZADD', aside_of(model), whole(look_at), tenant)
    local job, lane = first_held(model, tenant)
    return_job(tenant, job, lane, virtual)
end

-- Put back the held jobs of a model that works, and one job of each slowed tenant that is due a trial: it takes its turn.
local function return_due(model, now, virtual)
    local left = MOVES_MAX
    for _, tenant in ipairs(call('ZRANGEBYSCORE', aside_of(model), '-inf', whole(now), 'LIMIT', 0, MOVES_MAX)) do
        if left <= 0 then return end
        local slowed = load_slowed(model, tenant)
        if slowed.open_until > 0 then
            return_first(model, tenant, now + slowed.pause, virtual)
            left = left - 1
        else
            left = left - return_jobs(model, tenant, left, virtual)
        end
    end
end

local function tag_of(tenant, virtual)
    local tag = call('ZSCORE', ready, tenant)
    return tag and tonumber(tag) or math.max(virtual, tonumber(call('ZSCORE', tags, tenant) or 0))
end

-- Until when none of a tenant's held jobs may go, or nil.
local function held_up_until(tenant, now, own_cap_of)
    local rests_until = call('ZSCORE', resting, tenant)
    if not rests_until then return own_cap_of(tenant) end
    return rests_until == 'inf' and now + LOOK_AGAIN or tonumber(rests_until)
end

-- The tenants with held jobs of a model that may be considered now, those that have waited longest for it, in the fair order.
local function due_in_order(model, now, virtual)
    local due, tag, place = call('ZRANGEBYSCORE', aside_of(model), '-inf', whole(now), 'LIMIT', 0, MOVES_MAX), {}, {}
    for index, tenant in ipairs(due) do tag[tenant], place[tenant] = tag_of(tenant, virtual), index end
    table.sort(due, function(one, other)
        if tag[one] ~= tag[other] then return tag[one] < tag[other] end
        return place[one] < place[other]
    end)
    return due
end

-- The same of a model with a bound of its own: one job for each free slot, each of another tenant. A tenant that is held up gets none,
-- and one whose next job is of this model needs none.
local function return_for_slots(model, free, now, virtual, own_cap_of)
    if free <= 0 then return end
    for _, tenant in ipairs(due_in_order(model, now, virtual)) do
        local blocked_until = held_up_until(tenant, now, own_cap_of)
        if blocked_until then
            call('ZADD', aside_of(model), whole(blocked_until), tenant)
        else
            local next_one = next_job(tenant)
            if not next_one or model_of(next_one) ~= model then
                return_first(model, tenant, now + load_slowed(model, tenant).pause, virtual)
            end
            free = free - 1
            if free <= 0 then return end
        end
    end
end

local function is_model_full(models, model) return (models.free[model] or 1) <= 0 end

-- The models that are open and until when, those of them that are due a trial, those at which tenants fail, and the free slots of
-- those with a bound of their own; `hold`: some of them may not be called.
local function look_at_models(now, virtual, own_cap_of)
    local models = { known = {}, open = {}, due = {}, slowed = {}, free = free_slots() }
    local found = call('SMEMBERS', watched)
    models.any, models.hold = #found > 0, next(models.free) ~= nil
    table.sort(found)
    for _, model in ipairs(found) do
        local open_until = tonumber(call('HGET', breaker_of(model), 'open_until'))
        if open_until then
            models.known[model], models.open[model], models.hold = true, open_until, true
            if now >= open_until then models.due[#models.due + 1] = model end
        else
            if models.free[model] then
                return_for_slots(model, models.free[model], now, virtual, own_cap_of)
            else
                return_due(model, now, virtual)
            end
            models.known[model] = not forget_if_well(model)
        end
        if call('EXISTS', slowed_of(model)) == 1 then models.slowed[model], models.hold = true, true end
    end
    return models
end

-- Whether the tenant's next job is of a model that may not be called for it; it is then held aside.
local function held_aside(tenant, tag, job, lane, found, models, now)
    local model = model_of(job)
    local slowed_until = models.slowed[model] and load_slowed(model, tenant).open_until or 0
    if not models.open[model] and slowed_until <= now and not is_model_full(models, model) then return false end
    local tried = models.open[model] and tonumber(call('ZSCORE', tried_of(model), tenant) or 0) or 0
    if not models.known[model] then
        call('SADD', watched, model)
        models.known[model] = true
    end
    set_aside(tenant, job, lane, found)
    call('ZADD', held_jobs(model, lane, tenant), whole(now), job)
    call('ZADD', aside_of(model), 'NX', whole(math.max(tried, slowed_until)), tenant)
    if not has_work(tenant) then
        call('ZREM', ready, tenant)
        call('ZADD', tags, whole(tag), tenant)
    end
    return true
end

-- When a held job may go or be tried, as far as is known now.
local function next_look(models)
    local at = NEVER
    if not models.any then return at end
    for _, model in ipairs(call('SMEMBERS', watched)) do
        local first = call('ZRANGE', aside_of(model), 0, 0, 'WITHSCORES')
        if first[2] and not is_model_full(models, model) then
            at = math.min(at, math.max(tonumber(first[2]), models.open[model] or 0))
        end
    end
    return at
end

-- Trials -----------------------------------------------------------------------------------------------------------------

-- Of the tenants whose last trial of the model is equally long ago the first in the fair order.
local function first_of(model, score, virtual)
    local best, best_tag = nil, NEVER
    for _, tenant in ipairs(call('ZRANGEBYSCORE', aside_of(model), score, score, 'LIMIT', 0, MOVES_MAX)) do
        local tag = tag_of(tenant, virtual)
        if tag < best_tag then best, best_tag = tenant, tag end
    end
    return best
end

-- A model that is due a trial, and the tenant whose trial it is: the one whose last trial is longest ago.
local function next_trial(models, now, virtual, own_cap_of)
    for _, model in ipairs(models.due) do
        for _ = 1, MOVES_MAX do
            local first = call('ZRANGE', aside_of(model), 0, 0, 'WITHSCORES')
            if is_model_full(models, model) or not first[2] or tonumber(first[2]) > now then break end
            local tenant = first_of(model, first[2], virtual)
            local blocked_until = held_up_until(tenant, now, own_cap_of)
            if not blocked_until then return model, tenant end
            call('ZADD', aside_of(model), whole(blocked_until), tenant)
        end
    end
    return nil
end

local function note_model_trial(model, tenant, models, now)
    local key, tried = breaker_of(model), tried_of(model)
    local fields = call('HMGET', key, 'pause', 'pause_max')
    local pause, pause_max = tonumber(fields[1]), tonumber(fields[2])
    call('HSET', key, 'open_until', whole(now + pause), 'pause', whole(math.min(2 * pause, pause_max)))
    call('ZADD', tried, whole(now), tenant)
    call('ZREMRANGEBYRANK', tried, 0, -TENANTS_MAX - 1)
    models.open[model] = now + pause
    for index, due in ipairs(models.due) do
        if due == model then table.remove(models.due, index) break end
    end
end

-- A turn was granted: a slot of the model is taken. Where it was a trial, the next one comes no sooner than after the next, longer pause.
local function note_turn(model, tenant, models, now)
    if models.free[model] then models.free[model] = models.free[model] - 1 end
    if models.open[model] then note_model_trial(model, tenant, models, now) end
    local slowed = models.slowed[model] and load_slowed(model, tenant) or { open_until = 0 }
    if slowed.open_until > 0 then
        local pause_max = tonumber(call('HGET', breaker_of(model), 'pause_max'))
        slowed.open_until, slowed.pause = now + slowed.pause, math.min(2 * slowed.pause, pause_max)
        keep_slowed(model, tenant, slowed)
    elseif not models.open[model] then
        return
    end
    call('ZADD', aside_of(model), 'XX', whole(math.max(now, slowed.open_until)), tenant)
end

-- One item of the tenant's next held job; the job stays held, behind its other held jobs. → item, job, lane, virtual time charged.
local function take_trial(model, tenant, weight, models, now, virtual)
    local job, lane = first_held(model, tenant)
    local item, has_more = pop_held(job)
    local step = step_of(weight)
    if has_more then
        call('ZADD', held_jobs(model, lane, tenant), whole(now), job)
    else
        drop_held(tenant, job, lane)
    end
    call('ZADD', call('ZSCORE', ready, tenant) and ready or tags, whole(tag_of(tenant, virtual) + step), tenant)
    drop_queued(item)
    mark(tenant, 0)
    note_turn(model, tenant, models, now)
    return item, job, lane, step
end

-- The models with failures, each with a sign before it: + while its breaker is open, - where creations failed, ~ where only
-- predictions did.
local function watch_list()
    local list = {}
    for _, model in ipairs(call('SMEMBERS', watched)) do
        local fields = call('HMGET', breaker_of(model), 'name', 'open_until', 'create')
        if fields[1] then list[#list + 1] = (fields[2] and '+' or fields[3] and '-' or '~') .. model end
    end
    return table.concat(list, ' ')
end
