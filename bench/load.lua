-- wrk script: POSTs the file named by BODY with the HEADERS ("name:value" lines), prints percentiles and
-- statuses as one JSON line.
local file = io.open(os.getenv("BODY"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
for name, value in (os.getenv("HEADERS") or "Content-Type:application/json"):gmatch("([^:\n]+):([^\n]*)") do
  wrk.headers[name] = value
end

function done(summary, latency, requests)
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"p999_us":%d,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status +
      summary.errors.timeout))
end
