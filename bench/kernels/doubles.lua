local function fibfp(n) if n < 2.0 then return n end return fibfp(n - 1.0) + fibfp(n - 2.0) end
print(fibfp(32.0))
