"""What buckets say of themselves, in force in a running server: lifecycle, logging, websites, domains, public access."""

from __future__ import annotations

import subprocess
import time
import uuid

import pytest

from kit.signing import Request
from kit.wire import exchange


def configure(store, bucket: str, query: str, document: str, method: str = "PUT"):
    """Sets a configuration; the query is names and values as they stand in a URL."""
    parameters = tuple(tuple((item + "=").split("=")[:2]) for item in query.split("&"))
    return store.send(Request(method, bucket, query=parameters, body=document.encode()))


class TestLifecycle:
    RULES = (
        "<LifecycleConfiguration>"
        "<Rule><ID>old</ID><Prefix>tmp/</Prefix><Status>Enabled</Status><Filter><Not><Prefix>tmp/keep</Prefix></Not>"
        "</Filter><Expiration><CreatedBeforeDate>2090-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration></Rule>"
        "<Rule><ID>cold</ID><Prefix>cold/</Prefix><Status>Enabled</Status>"
        "<Transition><CreatedBeforeDate>2090-01-01T00:00:00.000Z</CreatedBeforeDate>"
        "<StorageClass>IA</StorageClass></Transition></Rule>"
        "<Rule><ID>off</ID><Prefix>off/</Prefix><Status>Disabled</Status>"
        "<Expiration><CreatedBeforeDate>2090-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration></Rule>"
        "</LifecycleConfiguration>")

    def test_rules_are_applied_by_the_running_server(self, new_gateway, open_store):
        server = new_gateway(demo=True).start()
        store = open_store(server)
        for key in ("tmp/1", "tmp/keep", "cold/1", "off/1", "other"):
            store.put(server.bucket, key, b"body")
        assert configure(store, server.bucket, "lifecycle", self.RULES).status == 200
        told = store.get(server.bucket, "tmp/1").header("x-oss-expiration")
        assert told == 'expiry-date="Sun, 01 Jan 2090 00:00:00 GMT", rule-id="old"'
        assert server.stop() == 0
        server.start()
        store = open_store(server)
        deadline = time.monotonic() + 20
        while store.exists(server.bucket, "tmp/1"):
            assert time.monotonic() < deadline
        assert store.exists(server.bucket, "tmp/keep")
        assert store.exists(server.bucket, "off/1")
        assert store.exists(server.bucket, "other")
        assert store.get(server.bucket, "cold/1").header("x-oss-storage-class") == "IA"

    def test_what_a_retention_holds_does_not_expire(self, new_gateway, open_store):
        server = new_gateway(demo=True).start()
        store = open_store(server)
        for name in ("held-bucket", "free-bucket"):
            assert store.send(Request("PUT", name)).status == 200
            store.put(name, "tmp/1", b"body")
            assert configure(store, name, "lifecycle", self.RULES).status == 200
        assert configure(
            store, "held-bucket", "worm", "<InitiateWormConfiguration><RetentionPeriodInDays>5</RetentionPeriodInDays>"
            "</InitiateWormConfiguration>", "POST").status == 200
        assert server.stop() == 0
        server.start()
        store = open_store(server)
        deadline = time.monotonic() + 20
        while store.exists("free-bucket", "tmp/1"):
            assert time.monotonic() < deadline
        # Housekeeping takes buckets in the order of their names, so that the held one had its turn in the next run.
        assert store.exists("held-bucket", "tmp/1")


class TestLogging:
    @staticmethod
    def logs(store, bucket: str) -> list[str]:
        listing = store.send(Request("GET", bucket, query=(("prefix", "logs/"),))).xml
        return [key.text for key in listing.iter("Key")]

    def switch_on(self, store, source: str, target: str):
        return configure(
            store, source, "logging", f"<BucketLoggingStatus><LoggingEnabled><TargetBucket>{target}</TargetBucket>"
            "<TargetPrefix>logs/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")

    def test_requests_are_written_into_the_target_and_no_secret_with_them(self, new_gateway, open_store):
        server = new_gateway("--oss-log-seconds=1", demo=True).start()
        store = open_store(server)
        assert store.send(Request("PUT", "log-target")).status == 200
        assert self.switch_on(store, server.bucket, "log-target").status == 200
        store.put(server.bucket, "some key", b"hello")
        stranger = exchange(server.oss, Request("GET", server.bucket, "some key", query=(
            ("OSSAccessKeyId", "x"), ("Expires", "1"), ("Signature", "hushhush"))))
        assert stranger.status == 403
        deadline = time.monotonic() + 20
        text = ""
        while "hushhush" not in text and text.count("some%20key") < 2:
            assert time.monotonic() < deadline, text
            text = "".join(store.get("log-target", key).body.decode() for key in self.logs(store, "log-target"))
        assert "hushhush" not in text
        stored = next(line for line in text.splitlines() if '"PutObject"' in line)
        assert f'"PutObject" "{server.bucket}" "some%20key" 5 ' in stored
        refused = next(line for line in text.splitlines() if "Signature=***" in line)
        assert '" 403 ' in refused and "log-target" not in refused
        assert all(key.startswith(f"logs/{server.bucket}20") for key in self.logs(store, "log-target"))

    def test_what_waits_is_written_at_the_end_and_a_log_in_its_own_bucket_is_no_loop(self, new_gateway, open_store):
        server = new_gateway("--oss-log-seconds=3600", demo=True).start()
        store = open_store(server)
        assert self.switch_on(store, server.bucket, server.bucket).status == 200
        store.put(server.bucket, "k", b"hello")
        assert self.logs(store, server.bucket) == []
        assert server.stop() == 0
        server.start()
        store = open_store(server)
        found = self.logs(store, server.bucket)
        assert len(found) == 1
        assert '"PutObject"' in store.get(server.bucket, found[0]).body.decode()

    @pytest.mark.parametrize("target", ["nobody-has-this", "Not-A-Bucket"])
    def test_a_target_that_is_not_there_is_refused(self, store, bucket, target):
        assert self.switch_on(store, bucket, target).refusal == (400, "InvalidTargetBucketForLogging")

    def test_the_servers_own_log_names_the_operation(self, new_gateway, open_store):
        server = new_gateway(demo=True).start()
        store = open_store(server)
        store.put(server.bucket, "k", b"hello")
        configure(store, server.bucket, "lifecycle", "<x/>")
        assert server.stop() == 0
        assert "operation=PutObject" in server.log
        assert "operation=PutBucketLifecycle" in server.log


class TestWebsite:
    SITE = (
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix><SupportSubDir>true</SupportSubDir>"
        "<Type>{type}</Type></IndexDocument><ErrorDocument><Key>error.html</Key><HttpStatus>404</HttpStatus>"
        "</ErrorDocument><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition>"
        "<KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect><RedirectType>External</RedirectType>"
        "<Protocol>https</Protocol><HostName>example.com</HostName><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith>"
        "<HttpRedirectCode>301</HttpRedirectCode></Redirect></RoutingRule>"
        "<RoutingRule><RuleNumber>2</RuleNumber><Condition><KeyPrefixEquals>gone/</KeyPrefixEquals>"
        "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect>"
        "<RedirectType>Internal</RedirectType><ReplaceKeyWith>moved/${{key}}</ReplaceKeyWith>"
        "<HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>")

    @pytest.fixture(params=["path", "host"])
    def visit(self, request, gateway, store):
        """Asks for a page with curl, without a signature; gives status, location and body."""
        name = f"site-{uuid.uuid4().hex[:12]}"
        assert store.send(Request("PUT", name, headers=(("x-oss-acl", "public-read"),))).status == 200
        for key, body in (("index.html", b"root"), ("dir/index.html", b"folder"), ("error.html", b"sorry"),
                          ("page.html", b"page"), ("old/there", b"hidden"), ("gone/but-here", b"here")):
            store.put(name, key, body)
        port = gateway.oss.rsplit(":", 1)[1]
        host = f"{name}.localhost:{port}"

        def get(path: str, *arguments: str) -> tuple[int, str, str]:
            url = f"{gateway.oss}/{name}/{path}" if request.param == "path" else f"http://{host}/{path}"
            ended = subprocess.run(
                ["curl", "-sS", "--path-as-is", "-w", "\n%{http_code} %header{location}", "--resolve",
                 f"{name}.localhost:{port}:127.0.0.1", url, *arguments],
                capture_output=True, text=True, timeout=30, check=True).stdout
            body, _, last = ended.rpartition("\n")
            status, _, location = last.partition(" ")
            return int(status), location.replace(f"{gateway.oss}/{name}/", "/").replace(f"http://{host}/", "/"), body

        get.bucket = name
        return get

    def set(self, store, visit, kind: int = 0) -> None:
        assert configure(store, visit.bucket, "website", self.SITE.format(type=kind)).status == 200

    def test_pages_and_indexes(self, store, visit):
        self.set(store, visit)
        assert visit("") == (200, "", "root")
        assert visit("dir/") == (200, "", "folder")
        assert visit("page.html") == (200, "", "page")

    @pytest.mark.parametrize("kind, wanted", [
        (0, (302, "/dir/", "")), (1, (404, "", "sorry")), (2, (200, "", "folder"))])
    def test_a_folder_without_its_slash(self, store, visit, kind, wanted):
        self.set(store, visit, kind)
        assert visit("dir") == wanted
        assert visit("no-such-dir") == (404, "", "sorry")

    def test_errors_and_redirects(self, store, visit):
        self.set(store, visit)
        assert visit("nothing") == (404, "", "sorry")
        assert visit("nothing/") == (404, "", "sorry")
        assert visit("old/there")[:2] == (301, "https://example.com/new/there")
        assert visit("gone/away")[:2] == (302, "/moved/gone/away")
        assert visit("gone/but-here") == (200, "", "here")

    def test_nothing_is_shown_of_a_private_bucket(self, store, visit):
        self.set(store, visit)
        assert store.send(Request("PUT", visit.bucket, query=(("acl", ""),), headers=(
            ("x-oss-acl", "private"),))).status == 200
        for path in ("", "dir/", "dir", "page.html", "nothing"):
            status, location, body = visit(path)
            assert (status, location) == (403, ""), path
            assert "AccessDenied" in body and "sorry" not in body

    def test_other_methods_and_signed_requests_see_no_website(self, store, visit):
        self.set(store, visit)
        assert visit("nothing", "-X", "DELETE")[0] == 403
        assert visit("old/there", "-X", "PUT", "-d", "x")[0] == 403
        assert store.get(visit.bucket, "old/there").body == b"hidden"
        assert store.get(visit.bucket, "nothing").refusal == (404, "NoSuchKey")
        assert store.send(Request("GET", visit.bucket)).xml.tag.endswith("ListBucketResult")

    def test_without_an_error_document_the_refusal_itself_is_told(self, store, visit):
        document = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>" \
            "</WebsiteConfiguration>"
        assert configure(store, visit.bucket, "website", document).status == 200
        status, _, body = visit("nothing")
        assert status == 404 and "<Code>NoSuchKey</Code>" in body
        assert visit("dir/")[0] == 404


class TestDomains:
    BODY = "<BucketCnameConfiguration><Cname><Domain>{}</Domain></Cname></BucketCnameConfiguration>"

    @pytest.mark.parametrize("mode, status", [("none", 200), ("refuse", 403), (None, 403)])
    def test_a_domain_stands_for_its_bucket_only_where_no_proof_is_asked_for(
            self, new_gateway, open_store, mode, status):
        arguments = [] if mode is None else [f"--oss-cname-verification={mode}"]
        server = new_gateway(*arguments, demo=True).start()
        store = open_store(server)
        store.put(server.bucket, "k", b"hello", ("x-oss-object-acl", "public-read"))
        bound = configure(store, server.bucket, "cname&comp=add", self.BODY.format("img.example.com"), "POST")
        assert bound.status == status
        port = server.oss.rsplit(":", 1)[1]
        read = subprocess.run(
            ["curl", "-sS", "--resolve", f"img.example.com:{port}:127.0.0.1", f"http://img.example.com:{port}/k"],
            capture_output=True, text=True, timeout=30, check=True).stdout
        assert (read == "hello") == (status == 200)

    @pytest.mark.parametrize("domain", ["a.localhost", "127.0.0.1", "no domain", "oss-cn-hangzhou.aliyuncs.com"])
    def test_own_domains_and_what_is_none_are_refused(self, new_gateway, open_store, domain):
        server = new_gateway("--oss-cname-verification=none", demo=True).start()
        answer = configure(
            open_store(server), server.bucket, "cname&comp=add", self.BODY.format(domain), "POST")
        assert answer.refusal == (400, "InvalidArgument")


def test_an_account_can_close_all_of_its_buckets(new_gateway, open_store):
    server = new_gateway(demo=True).start()
    store = open_store(server)
    document = "<PublicAccessBlockConfiguration><BlockPublicAccess>{}</BlockPublicAccess>" \
        "</PublicAccessBlockConfiguration>"
    assert store.send(Request("PUT", "open-bucket", headers=(("x-oss-acl", "public-read"),))).status == 200
    store.put("open-bucket", "k", b"hello")

    def read() -> int:
        return exchange(server.oss, Request("GET", "open-bucket", "k")).status

    assert read() == 200
    assert configure(store, "", "publicAccessBlock", document.format("true")).status == 200
    assert read() == 403
    refused = store.send(Request("PUT", "open-bucket", query=(("acl", ""),), headers=(("x-oss-acl", "public-read"),)))
    assert refused.refusal == (403, "AccessDenied")
    assert configure(store, "", "publicAccessBlock", "<x/>").refusal == (400, "MalformedXML")
    assert store.send(Request("DELETE", "", query=(("publicAccessBlock", ""),))).status == 204
    assert read() == 200
