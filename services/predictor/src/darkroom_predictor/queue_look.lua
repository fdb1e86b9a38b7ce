-- What the fair queue looks like: reads alone, but for forgetting the marks of changes that have been told. See fair_turn.lua.
--
--   KEYS[1]  the pointer
--   ARGV     epoch, changes after, tenants at most, W of own caps in µs, jobs of a lane at most, points of an own cap at most,
--            then (tenant, change) of those that wait nowhere and have been told
-- → now, virtual, 1 where more tenants are to be asked for, then for each tenant that changed: name, change, tag, waiting, setting,
--   jobs of the fresh lane and their lengths, how many entries that lane has, the same of the lane behind, starts within W, and
--   points (n, µs) of the own cap. How lanes and jobs are kept is said in fair_state.lua.

local ENTRIES_MAX = 300  -- of all lanes in one call, so that it takes no longer than a few milliseconds
local JOBS_SPAN = 64     -- as in fair_names.lua

local pointer, epoch = KEYS[1], ARGV[1]
local after, tenants_max, window = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local jobs_max, points_max = tonumber(ARGV[5]), tonumber(ARGV[6])
local space = pointer .. ':' .. epoch .. ':'
local call = redis.call

if call('HGET', pointer, 'epoch') ~= epoch then return redis.error_reply('CLOSED epoch ' .. epoch .. ' is not open') end

local function whole(number) return string.format('%.0f', number) end

local now = tonumber(call('HGET', space .. 'state', 'clock') or 0)
local virtual = call('HGET', space .. 'state', 'virtual') or '0'

for index = 7, #ARGV, 2 do
    if call('ZSCORE', space .. 'changed', ARGV[index]) == ARGV[index + 1] then
        call('ZREM', space .. 'changed', ARGV[index])
        call('HDEL', space .. 'waiting', ARGV[index])
    end
end

local entries_seen = 0

local function lane(key, name)
    local jobs, lengths = {}, {}
    for _, entry in ipairs(call('LRANGE', key, 0, jobs_max - 1)) do
        entries_seen = entries_seen + 1
        local number, job = string.match(entry, '^(%d+):(.*)$')
        local span = math.floor(tonumber(string.match(job, '^%d+')) / JOBS_SPAN)
        local record = call('HGET', space .. 'jobs:' .. whole(span), job)
        local standing, current, only = string.match(record or '', '^(.):(%d+):(%d*)$')
        if standing == name and current == number then
            jobs[#jobs + 1] = job
            lengths[#lengths + 1] = only ~= '' and 1 or call('LLEN', space .. 'job:' .. job)
        end
    end
    return { jobs, lengths, call('LLEN', key) }
end

-- When the n-th next start is allowed: n starts are free now, then one more as each of the window leaves it.
local function own_cap(tenant, cap)
    local own = space .. 'own:' .. tenant
    local oldest = '(' .. whole(now - window)
    local used = call('ZCOUNT', own, oldest, '+inf')
    local gone = call('ZCARD', own) - used
    local points = {}
    local first = math.max(1, cap - used + 1)
    for point = 0, points_max - 1 do
        local place = first + math.floor((cap - first) * point / (points_max - 1))
        local rank = gone + place - 1 - cap + used
        local entry = first <= cap and call('ZRANGE', own, rank, rank, 'WITHSCORES') or {}
        if entry[2] and (#points == 0 or points[#points - 1] < place) then
            points[#points + 1] = place
            points[#points + 1] = tonumber(entry[2]) + window - now
        end
    end
    return used, points
end

local answer = { whole(now), virtual, 0 }
local changed = call('ZRANGEBYSCORE', space .. 'changed', '(' .. after, '+inf', 'LIMIT', 0, tenants_max)
if #changed == tenants_max then answer[3] = 1 end
for _, tenant in ipairs(changed) do
    local setting = call('HGET', space .. 'tenants', tenant) or ''
    local cap = tonumber(string.match(setting, '^%S+ (%d+)') or 0)
    local used, points = 0, {}
    if cap > 0 then used, points = own_cap(tenant, cap) end
    answer[#answer + 1] = {
        tenant, call('ZSCORE', space .. 'changed', tenant),
        call('ZSCORE', space .. 'ready', tenant) or call('ZSCORE', space .. 'tags', tenant) or virtual,
        call('HGET', space .. 'waiting', tenant) or '0', setting,
        lane(space .. 'tenant:' .. tenant, '0'), lane(space .. 'behind:' .. tenant, '1'), used, points,
    }
    if entries_seen >= ENTRIES_MAX then
        answer[3] = 1
        break
    end
end
return answer
