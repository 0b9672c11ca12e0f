local function texts(n, t)
  for i = n, 1, -1 do local k = "key" .. (i * 7919) % 5003; t[k] = (t[k] or 0) + 1 end
end
local function numbers(n, t)
  for i = n, 1, -1 do local k = (i * 7919) % 50021; t[k] = (t[k] or 0) + 1 end
end
local t = {}
texts(100000, t)
numbers(200000, t)
print(t["key17"] + t[17])
