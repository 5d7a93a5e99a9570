-- Lets Scopegate decide on a request of HAProxy. `http-request lua.scopegate` in haproxy.cfg calls it with
--   1. the address where HAProxy listens for questions and hands them to the gates, such as abns@scopegate;
--   2. the identity headers: the names under resources[].upstreamHeaders in scopegate.yaml, joined by commas.
--
-- The rules are:
--   - nothing but a whole answer of Scopegate with status 200 allows a request; every other answer, every fault in here
--     and no answer at all refuse it;
--   - `txn.scopegate_allowed` is set last of all. HAProxy carries on with a request when a Lua action breaks off, so
--     the rule behind this one in haproxy.cfg refuses whatever does not have that variable;
--   - an answer can set the identity headers listed in haproxy.cfg and no others, and can remove no header that HTTP
--     itself needs: a confused gate, or something else on its port, cannot rewrite Host or the length of a body;
--   - what is decided on is read out of the request as HAProxy will send it on, after all rules above this one. Rules
--     below it must not change method, path, query or Host any more.

-- For one question, should HAProxy's own limits (backend scopegate) not hold.
local timeout_ms = 2000

-- What a client does not learn from an answer of the gate: everything but these.
local relayed_headers = { "www-authenticate", "retry-after", "cache-control", "content-type" }

-- Headers that say what the request is and where it ends. No answer may remove or set them.
local untouchable = {}
for name in ("host,connection,content-length,transfer-encoding,te,trailer,upgrade,expect"):gmatch("[^,]+") do
  untouchable[name] = true
end

-- What else is in the answer to an allow, and is no identity header.
local own = {}
for name in ("cache-control,keep-alive,date,via,server"):gmatch("[^,]+") do own[name] = true end

local unavailable = {
  status = 503,
  headers = { ["retry-after"] = { "5" } },
  body = '{"status":503,"message":"The request cannot be authorized at the moment"}\n',
}
local unreadable = {
  status = 400,
  headers = {},
  body = '{"status":400,"message":"The request cannot be read"}\n',
}

-- All values of a header; HAProxy counts them from 0.
local function values_of(headers, name)
  local values = {}
  local found = headers[name]
  if found ~= nil then
    local i = 0
    while found[i] ~= nil do
      values[#values + 1] = found[i]
      i = i + 1
    end
  end
  return values
end

-- The value of a header that is there exactly once and is one; nil when it is not there. Raises an error otherwise.
local function one_value(headers, name)
  local values = values_of(headers, name)
  if #values > 1 then error("the answer has two of " .. name, 0) end
  if values[1] ~= nil and values[1]:find("[%c\127]") then error("no value for " .. name, 0) end
  return values[1]
end

-- The names in a list of headers that may be removed and set. Raises an error when one of them is none.
local function names_in(list)
  local names = {}
  for name in list:gmatch("[^,%s]+") do
    name = name:lower()
    if name:find("[^%w_%-]") or untouchable[name] then error("no header to be managed: " .. name, 0) end
    names[#names + 1] = name
  end
  return names
end

-- Every value of a field, so that one that is there twice arrives twice, and the gate refuses it.
local function question(txn)
  local headers = txn.http:req_get_headers()
  return {
    ["x-scopegate-method"] = { txn.sf:method() },
    ["x-scopegate-target"] = { txn.sf:url() },
    ["x-scopegate-host"] = values_of(headers, "host"),
    ["authorization"] = values_of(headers, "authorization"),
    ["accept"] = values_of(headers, "accept"),
    ["content-type"] = values_of(headers, "content-type"),
    ["x-request-id"] = values_of(headers, "x-request-id"),
  }
end

-- Leaves every identity header with the gate's value or without any. Raises an error when that cannot be done.
local function apply(txn, answer, identity_names)
  local to_remove = one_value(answer.headers, "x-scopegate-remove-headers")
  if to_remove == nil then error("the answer does not say which headers to remove", 0) end
  if one_value(answer.headers, "content-length") ~= "0" then error("an allow has no body", 0) end
  for _, name in ipairs(names_in(to_remove)) do txn.http:req_del_header(name) end
  local identity = {}
  for _, name in ipairs(identity_names) do
    identity[name] = one_value(answer.headers, name)
    txn.http:req_del_header(name)
  end
  -- An identity header that haproxy.cfg does not name is not handed on, and neither is the client's.
  for name in pairs(answer.headers) do
    if not untouchable[name] and not own[name] then txn.http:req_del_header(name) end
  end
  for name, value in pairs(identity) do txn.http:req_add_header(name, value) end
  -- HAProxy does not say when a header found no room in its buffer.
  local headers = txn.http:req_get_headers()
  for _, name in ipairs(identity_names) do
    local values = values_of(headers, name)
    if #values > 1 or values[1] ~= identity[name] then error("no room for " .. name, 0) end
  end
end

-- What is to be sent to the client instead of the upstream's answer; nil when the request is allowed.
local function refusal(txn, address, identity_list)
  local identity_names = names_in(identity_list)
  local answer = core.httpclient():get({
    url = "http://scopegate/haproxy",
    dst = address,
    headers = question(txn),
    timeout = timeout_ms,
  })
  local headers = answer.headers or {}
  txn:set_var("txn.scopegate_status", answer.status or 0)
  local decision_id = one_value(headers, "x-scopegate-decision-id")
  if decision_id == nil then
    -- Not a decision: HAProxy found no gate, or the gate could not read the question.
    if answer.status == 400 or answer.status == 431 then return unreadable end
    error("no answer of Scopegate", 0)
  end
  if #decision_id ~= 24 or decision_id:find("[^0-9a-f]") then error("the id of no decision", 0) end
  txn:set_var("txn.scopegate_decision_id", decision_id)
  if answer.status == 200 then
    apply(txn, answer, identity_names)
    return nil
  end
  if answer.status < 400 or answer.status > 599 then error("an answer that is none", 0) end
  local relayed = {}
  for _, name in ipairs(relayed_headers) do
    local values = values_of(headers, name)
    if #values > 0 then relayed[name] = values end
  end
  return { status = answer.status, headers = relayed, body = answer.body or "" }
end

local function scopegate(txn, address, identity_list)
  local worked, result = pcall(refusal, txn, address, identity_list)
  if worked and result == nil then
    txn:set_var("txn.scopegate_allowed", true)
    return
  end
  if not worked then
    txn:set_var("txn.scopegate_fault", tostring(result))
    result = unavailable
  end
  local reply = txn:reply({ status = result.status, body = result.body })
  for name, values in pairs(result.headers) do
    for _, value in ipairs(values) do reply:add_header(name, value) end
  end
  if result.headers["cache-control"] == nil then reply:add_header("cache-control", "no-store") end
  if result.headers["content-type"] == nil and result.body ~= "" then
    reply:add_header("content-type", "application/json")
  end
  txn:done(reply)
end

core.register_action("scopegate", { "http-req" }, scopegate, 2)
