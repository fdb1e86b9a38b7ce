-- A part of one script, see fair_names.lua.

-- Slots: what a tenant and a model have in flight, and a tenant's starts -------------------------------------------------------

-- The spaces of the other providers' queues that are open.
local function other_spaces()
    local found = {}
    for index = 2, #KEYS do
        local other = call('HGET', KEYS[index], 'epoch')
        if other then found[#found + 1] = KEYS[index] .. ':' .. other .. ':' end
    end
    return found
end

local function own_log(tenant) return space .. 'own:' .. tenant end

-- The slots that this call has taken for each tenant and for each model; they are added to what runs when it ends.
local taken, taken_models = {}, {}

-- Whether the tenant's slots are taken, and whether some of them are at other providers, whose releases wake nobody here.
local function is_full(tenant, slots)
    if slots == 0 then return false, false end
    local here, elsewhere = tonumber(call('HGET', running, tenant) or 0) + (taken[tenant] or 0), 0
    for _, other in ipairs(other_spaces()) do
        elsewhere = elsewhere + tonumber(call('HGET', other .. 'running', tenant) or 0)
    end
    return here + elsewhere >= slots, elsewhere > 0
end

local function take_slot(tenant, model, attempt)
    if call('HSETNX', live, attempt, model .. ' ' .. tenant) == 0 then return end
    taken[tenant] = (taken[tenant] or 0) + 1
    taken_models[model] = (taken_models[model] or 0) + 1
    add_state('live', 1)
end

local function free_slot(attempt, virtual)
    local found = call('HGET', live, attempt)
    if not found then return end
    local model, tenant = string.match(found, '^(%x+) (.*)$')
    call('HDEL', live, attempt)
    add_state('live', -1)
    if call('HINCRBY', running, tenant, -1) <= 0 then call('HDEL', running, tenant) end
    if call('HINCRBY', running_models, model, -1) <= 0 then call('HDEL', running_models, model) end
    if call('SREM', full, tenant) == 1 then wake(tenant, virtual) end
end

-- By model, how many more predictions it may have in flight, where it has a bound of its own.
local function free_slots()
    local free, found = {}, call('HGETALL', model_slots)
    for index = 1, #found, 2 do
        local model, slots = found[index], string.match(found[index + 1], '^(%d+)')
        free[model] = tonumber(slots) - tonumber(call('HGET', running_models, model) or 0)
    end
    return free
end
