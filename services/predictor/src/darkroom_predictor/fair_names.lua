-- The fair queue and the limiter of one provider: who is next, and whether a paid call may start now, decided as one.
--
--   KEYS[1]  the pointer: a hash with the open epoch; absent (Redis lost or wiped) means closed
--   KEYS[2…] the other providers' pointers: a tenant's own cap and slots count over all of them
--   ARGV     operation, epoch, then the operation's own arguments, and last the caller's reading of the clock or ''
--
-- All state lives in a space of its epoch, so a replica with an old epoch can neither grant nor disturb. Times are the limiter's
-- clock, in microseconds: it never goes back and, whatever Redis' own clock does, never runs ahead of the callers' watches. Tags are virtual time in whole units, so that rules.py computes the very same numbers.
-- Sources: start-time fair queueing (Goyal, Vin, Cheng 1996); GCRA (ITU-T I.371); the cap is an exact log over W + D.
-- It is one script in parts, put together by fair_script.py. This part is the outermost function, and all other parts are one
-- function inside it: Lua finds an outer function's locals by a copy, but each of its own by a search through all of them, and every
-- call of the script builds every function anew.
-- A job here is a job's items for one model, `number@mark`; the mark is hexadecimal and stands for the model.

local UNIT = 1000000    -- virtual time that one item costs a tenant of weight 1
local RUN_MAX = 20      -- consecutive places of one tenant in a batch
local MOVES_MAX = 100   -- delayed items, rested tenants and held jobs that are moved in one call
local TENANTS_MAX = 1000        -- tenants whose failures and whose trials are remembered for each model
local LOOK_AGAIN = 1000000      -- a tenant that is paused or has no free slot is considered for its held jobs again after so long
local ROUND = 5000000   -- a cap is cut at most once in so long: the 429s of one round of calls are one piece of news
local CALM = 60000000   -- without a 429 for so long, a cut cap begins to rise
local RISE = 10000000   -- and rises by one thirtieth of the whole each so long
local RISE_PART = 30
local CAP_MIN = 6       -- no cut goes below it: the least that a provider is known to allow
local NEVER = math.huge
local QUEUED_SPAN = 512 -- item ids that share one set of queued items: Redis packs so many numbers tightly
local JOBS_SPAN = 64    -- job numbers that share one hash of job records, packed for the same reason
local PASSED_MAX = 500  -- outdated lane entries that one call drops
local SLACK = 100000    -- by which the clock may be ahead of the caller's reading: a request's time on its way
local HELD = '-'        -- in a job's record in place of its lane: the job is held aside
local LANES = { '0', '1' }

local pointer, operation, epoch = KEYS[1], ARGV[1], ARGV[2]
local space = pointer .. ':' .. epoch .. ':'
local state, ready, tags = space .. 'state', space .. 'ready', space .. 'tags'
local resting, delayed = space .. 'resting', space .. 'delayed'
local tenants = space .. 'tenants'
-- The models with failures or with held jobs, and how many predictions a model may have in flight where it has a bound of its own.
local watched, model_slots = space .. 'watched', space .. 'model_slots'
-- What is in flight: each attempt's `model tenant`, and how many each tenant and each model has. A tenant whose slots are taken rests, as
-- one of the full.
local live, running, full = space .. 'live', space .. 'running', space .. 'full'
local running_models = space .. 'running_models'
local call = redis.call
local reading = tonumber(table.remove(ARGV))

local function whole(number) return string.format('%.0f', number) end
