#!/usr/bin/env bash
# The end-to-end smoke test: every line of the plan's verification checklist that concerns the backend,
# against a running server. Needs curl and jq.
#
#   examples/smoke.sh [BASE_URL]        default: $BASE_URL, or http://127.0.0.1:10723
#
# The server must have the demo account (`make run` makes it). Can be run again and again.
set -uo pipefail

base=${1:-${BASE_URL:-http://127.0.0.1:10723}}
base=${base%/}
run=$(date +%s)-$$
chapter=ch0_pandas_basics-$run
json='Content-Type: application/json'
quota=$((100 * 1024 * 1024))
passed=0
failed=0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# check NAME CONDITION…: prints PASS or FAIL for one line of the checklist.
check() {
    local name=$1
    shift
    if "$@"; then
        echo "PASS $name"
        passed=$((passed + 1))
    else
        echo "FAIL $name"
        echo "     status $status, answer: $(head -c 300 "$folder/body" 2>/dev/null)"
        failed=$((failed + 1))
    fi
}

# call METHOD PATH [JSON]: sends a request with the token, leaves its status in `status` and its answer in `body`.
call() {
    local data=()
    [ $# -lt 3 ] || data=(-H "$json" --data-binary "$3")
    status=$(curl -sS --max-time 30 -o "$folder/body" -w '%{http_code}' -X "$1" \
        -H "Authorization: Bearer ${token:-}" "${data[@]}" "$base$2") || status=000
}

# answers STATUS [JQ]: whether the last answer had this status, and the jq expression holds of it.
answers() { [ "$status" = "$1" ] && { [ $# -lt 2 ] || jq -e "$2" "$folder/body" >/dev/null 2>&1; }; }

# field JQ: a value of the last answer.
field() { jq -r "$1" "$folder/body"; }

# ask FILENAME SIZE [CHAPTER]: asks for an upload link.
ask() {
    call POST /v1/storage/workspace/upload-url \
        "$(jq -n --arg c "${3:-$chapter}" --arg f "$1" --argjson s "$2" \
            '{chapter_id: $c, filename: $f, file_size_bytes: $s}')"
}

# put FILE: sends a file to the link of the last answer, with the headers that it requires.
put() {
    local url headers=()
    url=$(field .presigned_url)
    oss_key=$(field .oss_key)
    while IFS= read -r header; do headers+=(-H "$header"); done \
        < <(field '.required_headers // {} | to_entries[] | "\(.key): \(.value)"')
    status=$(curl -sS --max-time 120 -o "$folder/body" -w '%{http_code}' -X PUT -H 'Expect:' "${headers[@]}" \
        --data-binary "@$1" "$url") || status=000
}

# confirm FILENAME SIZE [CHAPTER]: confirms the upload of the last link.
confirm() {
    call POST /v1/storage/workspace/confirm \
        "$(jq -n --arg k "$oss_key" --arg c "${3:-$chapter}" --arg f "$1" --argjson s "$2" \
            '{oss_key: $k, filename: $f, chapter_id: $c, file_size_bytes: $s}')"
}

# newcomer: makes an account of its own and takes its token.
newcomer() {
    token=
    call POST /v1/auth/register \
        "{\"email\":\"smoke-$run-$RANDOM@example.com\",\"password\":\"Smoke-Pass-$run\",\"display_name\":\"Smoke\"}"
    token=$(field .access_token)
}

echo "Smoke test of $base"

# Task 6: the server is there.
call GET /healthz
check "GET /healthz says ok" answers 200 '. == {"status": "ok"}'
if [ "$status" = 000 ]; then
    echo "Nothing answers at $base. Start the server with: make run"
    exit 1
fi

# Task 12, step 2: log in and register a session.
call POST /v1/auth/login '{"email":"student@example.com","password":"StrongPass123"}'
check "POST /v1/auth/login takes the demo account" answers 200 '.access_token | length > 0'
token=$(field '.access_token // empty')

call POST "/v1/chapters/$chapter/sessions" '{"course_id": null}'
check "POST /v1/chapters/{id}/sessions returns a session_id" \
    answers 201 '(.session_id | test("^[0-9a-f]{32}$")) and (.created_at | length > 0)'
session=$(field .session_id)

# Task 12, step 3: append a turn, as the plan writes it: its chapter_id is not the session's.
turn='{"chapter_id":"ch0","turn_index":0,"user_message":"hello","companion_response":"hi there","turn_outcome":{}}'
call POST "/v1/sessions/$session/turns" "$turn"
check "POST /v1/sessions/{id}/turns is accepted" answers 201 '. == {"accepted": true}'
call POST "/v1/sessions/$session/turns" "$turn"
check "POST /v1/sessions/{id}/turns is idempotent (duplicate turn_index, no error)" \
    answers 201 '. == {"accepted": true}'
call POST "/v1/sessions/$session/turns" "$(jq -n '{chapter_id: "ch0", turn_index: 1, user_message: "and then?",
    companion_response: "then this", turn_outcome: {ok: true}}')"
check "a second turn is accepted" answers 201 '. == {"accepted": true}'
call PUT "/v1/sessions/$session/memory" '{"chapter_id":"ch0","memory_json":{"knows":["pandas","中文"]}}'
check "PUT /v1/sessions/{id}/memory is accepted" answers 200 '. == {"accepted": true}'
call PUT "/v1/sessions/$session/report" '{"chapter_id":"ch0","report_md":"# Report\n"}'
check "PUT /v1/sessions/{id}/report is accepted" answers 200 '. == {"accepted": true}'

# Task 12, step 4: fetch it on another device.
call GET "/v1/chapters/$chapter/session-state"
check "GET /v1/chapters/{id}/session-state returns all turns, memory and report after sync" answers 200 \
    ".has_data and .session_id == \"$session\" and ([.turns[].turn_index] == [0, 1])
     and .turns[0].user_message == \"hello\" and .turns[1].turn_outcome == {\"ok\": true}
     and .memory == {\"knows\": [\"pandas\", \"中文\"]} and .report_md == \"# Report\n\""

newcomer
check "POST /v1/auth/register makes an account" answers 201 '.access_token | length > 0'
call GET "/v1/chapters/$chapter/session-state"
check "GET /v1/chapters/{id}/session-state returns has_data: false for a user with no sessions" answers 200 \
    '. == {"has_data": false, "session_id": null, "turns": [], "memory": {}, "report_md": null}'
call POST "/v1/sessions/$session/turns" "$turn"
check "another user's session is refused" answers 403 '.error.code == "SESSION_ACCESS_DENIED"'

# Task 11: the submit button.
printf 'import pandas as pd\nprint(pd.__version__)\n' >"$folder/main.py"
size=$(wc -c <"$folder/main.py")
ask main.py "$size"
check "POST /v1/storage/workspace/upload-url returns a presigned URL" answers 200 '.presigned_url | startswith("http")'
put "$folder/main.py"
check "the file is uploaded with PUT to the presigned URL" answers 200
confirm main.py "$size"
check "POST /v1/storage/workspace/confirm accepts the upload" answers 201 ".quota_used_bytes == $size"
call GET /v1/storage/workspace/files
check "GET /v1/storage/workspace/files lists it" answers 200 \
    ".files | length == 1 and .[0].filename == \"main.py\" and .[0].file_size_bytes == $size"
link=$(field '.files[0].download_url')
downloads() { curl -sS --max-time 30 -o "$folder/back.py" "$link" && cmp -s "$folder/main.py" "$folder/back.py"; }
check "the download link gives the same bytes back" downloads

# The quota, with a user whose workspace is empty.
newcomer
ask large.ipynb $((quota + 1))
check "100MB quota is enforced: one byte more than 100 MiB is 409" answers 409 \
    '. == {"error": {"code": "QUOTA_EXCEEDED", "message": "存储空间不足 (已用 0MB / 100MB)"}}'
truncate -s "$quota" "$folder/large.ipynb"
ask large.ipynb "$quota"
check "exactly 100 MiB are granted" answers 200
put "$folder/large.ipynb"
check "exactly 100 MiB are uploaded" answers 200
confirm large.ipynb "$quota"
check "exactly 100 MiB are confirmed" answers 201 ". == {\"quota_used_bytes\": $quota, \"quota_limit_bytes\": $quota}"
ask more.py 1
check "100MB quota is enforced: then one byte more is 409" answers 409 \
    '. == {"error": {"code": "QUOTA_EXCEEDED", "message": "存储空间不足 (已用 100MB / 100MB)"}}'

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
