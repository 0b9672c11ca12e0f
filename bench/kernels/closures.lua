local function compose(f, g) return function(x) return f(g(x)) end end
local function adder(n) return function(x) return x + n end end
local chain = function(x) return x end
for n = 100, 1, -1 do chain = compose(adder(n), chain) end
local sum = 0
for n = 100000, 1, -1 do sum = sum + chain(n) end
print(sum)
