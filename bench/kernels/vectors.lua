local a = {}
for i = 0, 999 do a[i + 1] = i end
local function map(f, v) local out = {} for i = 1, #v do out[i] = f(v[i]) end return out end
local function dot(x, y) local sum = 0 for i = 1, #x do sum = sum + x[i] * y[i] end return sum end
local sum = 0
for n = 5000, 1, -1 do sum = sum + dot(a, map(function(x) return x + n end, a)) end
print(sum)
