-- PUTs of new keys: the targets, one a line, are in the file that TARGETS names; the body is as long as BYTES says.
-- Each thread takes lines of its own; once they are used up, it begins again.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(_)
    targets, position = {}, 0
    local count, line_number = tonumber(os.getenv("THREADS")), 0
    for line in io.lines(os.getenv("TARGETS")) do
        if line_number % count == number then table.insert(targets, line) end
        line_number = line_number + 1
    end
    body = string.rep("0123456789abcdef", tonumber(os.getenv("BYTES")) / 16)
end

function request()
    position = position % #targets + 1
    return wrk.format("PUT", targets[position], nil, body)
end
