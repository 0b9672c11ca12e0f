local text = "the quick brown fox jumps over the lazy dog and runs away from the hounds"
local sub, byte = string.sub, string.byte
local function words(t)
  local out, start = {}, 1
  for at = 1, #t do
    if byte(t, at) == 32 then out[#out + 1] = sub(t, start, at - 1); start = at + 1 end
  end
  out[#out + 1] = sub(t, start, #t)
  return out
end
local sum = 0
for n = 60000, 1, -1 do
  local best = ""
  for _, w in ipairs(words(text)) do if #w > #best then best = w end end
  sum = sum + #(best .. tostring(n))
end
print(sum)
