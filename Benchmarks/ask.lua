-- Asks for upload URLs, each time for another user: the tokens, one a line, are in the file that TOKENS names.

function init(_)
    requests, position = {}, 0
    local tokens, files = {}, tonumber(os.getenv("FILES"))
    for line in io.lines(os.getenv("TOKENS")) do table.insert(tokens, line) end
    for file = 1, files do
        local body = string.format('{"chapter_id":"bench","filename":"%d.py","file_size_bytes":1000}', file)
        for _, token in ipairs(tokens) do
            local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
            table.insert(requests, wrk.format("POST", "/v1/storage/workspace/upload-url", headers, body))
        end
    end
end

function request()
    position = position % #requests + 1
    return requests[position]
end
