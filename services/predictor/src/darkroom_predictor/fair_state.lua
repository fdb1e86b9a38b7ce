-- A part of one script, see fair_names.lua.

-- The counts and times in the hash `state`. A call reads the usual ones at once, and writes what it has changed when it ends.
local USUAL = { 'clock', 'ahead', 'virtual', 'queued', 'live', 'changes', 'entries' }
local known, changed = {}, {}

local function fetch_state(fields)
    local values = call('HMGET', state, unpack(fields))
    for index, field in ipairs(fields) do known[field] = tonumber(values[index]) or false end
end

-- → a number, or nil where the field is not set.
local function read_state(field)
    if known.clock == nil then fetch_state(USUAL) end
    if known[field] == nil then fetch_state({ field }) end
    return known[field] or nil
end

local function write_state(field, value)
    if known[field] == value then return end
    known[field], changed[field] = value, true
end

-- → the field's new value.
local function add_state(field, more)
    local value = (read_state(field) or 0) + more
    write_state(field, value)
    return value
end

-- What was found to be missing; a limiter that finds it grants nothing and is closed, so that it is rebuilt.
local lost

local function redis_time()
    local time = call('TIME')
    return time[1] * 1000000 + time[2]
end

-- The limiter's clock is Redis' own less `ahead`, so far as the caller's watch confirms it (clock_rules.py): a step forward is
-- refused, and after a step back the clock goes on from where it was. A caller without a reading confirms SLACK and no more.
-- → now, ahead
local function look_at_clock()
    local time, kept = redis_time(), read_state('clock')
    if not kept then
        lost = 'the clock'
        return time, 0
    end
    local now = math.max(kept, math.min(time - read_state('ahead'), (reading or kept) + SLACK))
    return now, time - now
end

local function read_clock() return (look_at_clock()) end

-- The same, and the clock is kept; → now, ahead
local function keep_clock()
    local now, ahead = look_at_clock()
    write_state('clock', now)
    write_state('ahead', ahead)
    return now, ahead
end

local function read_virtual() return read_state('virtual') or 0 end

-- Queued items -------------------------------------------------------------------------------------------------------------

local function queued_set(item) return space .. 'queued:' .. whole(math.floor(tonumber(item) / QUEUED_SPAN)) end

local function count_queued() return read_state('queued') or 0 end

-- → false where the item is queued already.
local function add_queued(item)
    if call('SADD', queued_set(item), item) == 0 then return false end
    add_state('queued', 1)
    return true
end

-- → false where the item is not queued.
local function drop_queued(item)
    if call('SREM', queued_set(item), item) == 0 then return false end
    add_state('queued', -1)
    return true
end

local function delayed_entry(tenant, job, item, lane) return table.concat({ item, job, lane, tenant }, ':') end

-- Jobs ---------------------------------------------------------------------------------------------------------------------
-- A tenant's jobs wait in two lanes: '0' fresh work, '1' redriven work, which goes only while there is no fresh one. A lane is a
-- list of entries `number:job`. The job's record says which entry counts: `lane:number:item`, with the item where it is the job's
-- only one, else with the items in a list. So a job leaves the middle of a lane at once: its record goes, and the outdated entry
-- is dropped when it comes to the head.

local function lane_of(tenant, lane) return space .. (lane == '1' and 'behind:' or 'tenant:') .. tenant end

local function items_of(job) return space .. 'job:' .. job end

local function records_of(job) return space .. 'jobs:' .. whole(math.floor(tonumber(string.match(job, '^%d+')) / JOBS_SPAN)) end

local function model_of(job) return string.match(job, '@(%x+)$') end

-- The job's lane or HELD, the number of its lane entry, and its only item or ''; nil: it has no items.
local function find_job(job)
    local record = call('HGET', records_of(job), job)
    if not record then return nil end
    return string.match(record, '^(.):(%d+):(%d*)$')
end

local function save_job(job, lane, number, item)
    call('HSET', records_of(job), job, table.concat({ lane, number, item }, ':'))
end

local function forget_job(job) call('HDEL', records_of(job), job) end

-- Put a job into a lane; `push` says at which end. An entry that it has elsewhere is outdated from now on.
local function enter_lane(push, tenant, job, lane, item)
    local number = whole(add_state('entries', 1))
    call(push, lane_of(tenant, lane), number .. ':' .. job)
    save_job(job, lane, number, item)
end

local function count_items(job, item) return item ~= '' and 1 or call('LLEN', items_of(job)) end

-- The job whose item is the tenant's next, its lane, and what is known of the job: the number of its lane entry, its only item or '',
-- and how many items it has; nil: it has none, or `unfinished` is set, and the outdated entries at the head of its lanes were too many
-- for one call.
local passed, unfinished = 0, false
local function next_job(tenant)
    for _, lane in ipairs(LANES) do
        local entries = lane_of(tenant, lane)
        local first = call('LINDEX', entries, 0)
        while first do
            local number, job = string.match(first, '^(%d+):(.*)$')
            local standing, current, item = find_job(job)
            if standing == lane and current == number then
                local items = count_items(job, item)
                if items > 0 then return job, lane, { number = number, only = item, items = items } end
                forget_job(job)
                add_state('gaps', 1)
            end
            passed = passed + 1
            if passed > PASSED_MAX then
                unfinished = true
                return nil
            end
            call('LPOP', entries)
            first = call('LINDEX', entries, 0)
        end
    end
    return nil
end

-- How many items wait in a tenant's lanes: the first change of a call tells, the others are added up until the call ends.
local waiting, uncounted = {}, {}
local function count_waiting(tenant, more)
    if not waiting[tenant] then
        waiting[tenant] = call('HINCRBY', space .. 'waiting', tenant, more)
        return
    end
    waiting[tenant] = waiting[tenant] + more
    uncounted[tenant] = (uncounted[tenant] or 0) + more
end

local function forget_waiting(tenant)
    call('HDEL', space .. 'waiting', tenant)
    waiting[tenant], uncounted[tenant] = nil, nil
end

-- Note that a tenant looks different, for those who look at the queue (queue_look.lua), and by how many items.
local marked = {}
local function mark(tenant, more)
    if more ~= 0 then count_waiting(tenant, more) end
    if marked[tenant] then return end
    marked[tenant] = true
    call('ZADD', space .. 'changed', whole(add_state('changes', 1)), tenant)
end

local function has_work(tenant)
    waiting[tenant] = waiting[tenant] or tonumber(call('HGET', space .. 'waiting', tenant) or 0)
    return waiting[tenant] > 0
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

-- Leave the fair order because nothing is left. What its lanes still name is outdated.
local function leave_empty(tenant)
    leave(tenant)
    call('UNLINK', lane_of(tenant, '0'), lane_of(tenant, '1'))
end

-- Jobs of a tenant take turns; a job's items are first in, first out. A job with items stands in exactly one place: in one of
-- its tenant's lanes, or held aside while its model is broken or full or its tenant is slowed at the model.

-- The tenants with held jobs of a model, each with the time before which it is not looked at, and a tenant's held jobs of a lane,
-- each with the time at which it was held.
local function aside_of(model) return space .. 'aside:' .. model end

local function held_jobs(model, lane, tenant) return space .. 'aside:' .. model .. ':' .. lane .. ':' .. tenant end

-- Take the tenant's next job, as next_job found it, out of its lane; its items wait on, apart. The caller keeps it among the held_jobs.
local function set_aside(tenant, job, lane, found)
    call('LPOP', lane_of(tenant, lane))
    save_job(job, HELD, found.number, found.only)
    add_state('held', found.items)
    mark(tenant, -found.items)
end

-- Put a job that was set aside at the head of its lane; → how many items it has.
local function put_first(tenant, job, lane)
    local _, _, item = find_job(job)
    local items = item and count_items(job, item) or 0
    if items == 0 then return 0 end
    enter_lane('LPUSH', tenant, job, lane, item)
    add_state('held', -items)
    mark(tenant, items)
    return items
end

local function drop_held(tenant, job, lane)
    local model = model_of(job)
    call('ZREM', held_jobs(model, lane, tenant), job)
    if call('EXISTS', held_jobs(model, '0', tenant), held_jobs(model, '1', tenant)) == 0 then
        call('ZREM', aside_of(model), tenant)
    end
end

local function push_last(tenant, job, item, lane)
    local standing, number, only = find_job(job)
    if not standing then
        enter_lane('RPUSH', tenant, job, lane, item)
    elseif only ~= '' then
        call('RPUSH', items_of(job), only, item)
        save_job(job, standing, number, '')
    else
        call('RPUSH', items_of(job), item)
    end
    if standing == HELD then add_state('held', 1) else mark(tenant, 1) end
end

-- To the head, with its whole job, which stays a fresh one if it was.
local function push_first(tenant, job, item, lane)
    local standing, number, only = find_job(job)
    if not standing then
        enter_lane('LPUSH', tenant, job, lane, item)
        mark(tenant, 1)
        return
    end
    if only ~= '' then call('RPUSH', items_of(job), item, only) else call('LPUSH', items_of(job), item) end
    if standing == HELD then
        save_job(job, HELD, number, '')
        add_state('held', 1)
    else
        enter_lane('LPUSH', tenant, job, standing == '0' and '0' or lane, '')
        mark(tenant, 1)
    end
end

-- The first item of the tenant's next job, as next_job found it; → it, and whether the tenant has more.
local function pop(tenant, job, lane, found)
    local entries = lane_of(tenant, lane)
    local item = found.only ~= '' and found.only or call('LPOP', items_of(job))
    mark(tenant, -1)
    if found.items > 1 then
        call('LMOVE', entries, entries, 'LEFT', 'RIGHT')
    else
        call('LPOP', entries)
        forget_job(job)
    end
    return item, has_work(tenant)
end

-- Take an item out of its job, wherever the job stands.
local function drop_item(tenant, job, item)
    local standing, _, only = find_job(job)
    if not standing then return end
    local found = only == item and 1 or only == '' and call('LREM', items_of(job), 1, item) or 0
    if found == 0 then return end
    if standing == HELD then add_state('held', -1) else mark(tenant, -1) end
    if only == '' and call('EXISTS', items_of(job)) == 1 then return end
    forget_job(job)
    if standing == HELD then
        for _, lane in ipairs(LANES) do drop_held(tenant, job, lane) end
    end
end

-- The first item of a held job; → it, and whether the job has more.
local function pop_held(job)
    local _, _, only = find_job(job)
    local item = only ~= '' and only or call('LPOP', items_of(job))
    add_state('held', -1)
    if only == '' and call('EXISTS', items_of(job)) == 1 then return item, true end
    forget_job(job)
    return item, false
end

-- → weight, cap, slots and whether it is paused, as the string keeps them; what nobody has set is 1, 0, 0, false. 0: no bound.
local function read_setting(setting)
    local weight, cap, slots, paused = string.match(setting or '', '^(%S+) (%d+) (%d+) (%d)')
    return tonumber(weight or 1), tonumber(cap or 0), tonumber(slots or 0), paused == '1'
end

local settings = {}
local function settings_of(tenant)
    if settings[tenant] == nil then settings[tenant] = call('HGET', tenants, tenant) end
    return read_setting(settings[tenant])
end

-- The virtual time that a turn costs.
local function step_of(weight) return math.floor(UNIT / weight + 0.5) end
