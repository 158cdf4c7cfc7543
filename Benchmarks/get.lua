-- GETs of many targets in turn: they are in the file that TARGETS names, one a line, and are made into requests once,
-- before the clock runs, so that the client's work is the same for every server.

function init(_)
    requests, position = {}, 0
    for line in io.lines(os.getenv("TARGETS")) do
        table.insert(requests, wrk.format("GET", line))
    end
end

function request()
    position = position % #requests + 1
    return requests[position]
end

-- What came back in all, for whoever wants to know that it was what was asked for.
function done(summary, _, _)
    local errors = summary.errors
    io.write(string.format("Answers: %d, bytes: %d, failed: %d\n", summary.requests, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
