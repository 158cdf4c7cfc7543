import OSSKit
import StorageGateway
import Testing

/// What a bucket has several of, each with a name, and what a bucket tells of itself.
@Suite struct NamedConfigurationTests {
    private typealias Call = TestSurface.Call

    private func withSurface(_ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    private func send(
        _ surface: TestSurface, _ method: String, _ query: String, _ document: String? = nil
    ) async throws -> TestSurface.Answer {
        try await surface.send(
            Call(method: method, target: "/bucket/?\(query)", body: document.map { Array($0.utf8) }))
    }

    private static func inventory(_ id: String, frequency: String = "Daily") -> String {
        "<InventoryConfiguration><Id>\(id)</Id><IsEnabled>true</IsEnabled><Destination><OSSBucketDestination>"
            + "<Format>CSV</Format><AccountId>1</AccountId><RoleArn>acs:ram::1:role/r</RoleArn>"
            + "<Bucket>acs:oss:::bucket</Bucket></OSSBucketDestination></Destination><Schedule>"
            + "<Frequency>\(frequency)</Frequency></Schedule>"
            + "<IncludedObjectVersions>All</IncludedObjectVersions></InventoryConfiguration>"
    }

    @Test func inventoriesAreKeptByTheirIDs() async throws {
        try await withSurface { surface in
            let none = try await send(surface, "GET", "inventory")
            #expect(none.element("Code") == "NoSuchInventory")
            let filter = "<Filter><StorageClass>Standard,IA</StorageClass></Filter><Destination>"
            let filtered = Self.inventory("filtered").replacing("<Destination>", with: filter)
            _ = try await send(surface, "PUT", "inventory&inventoryId=filtered", filtered)
            let told = try await send(surface, "GET", "inventory&inventoryId=filtered")
            #expect(told.text.contains("<StorageClass>IA,Standard</StorageClass>"))
            _ = try await send(surface, "DELETE", "inventory&inventoryId=filtered")
            let ids = (0..<101).map { "i-\(1_000 + $0)" }
            for id in ids {
                let set = try await send(surface, "PUT", "inventory&inventoryId=\(id)", Self.inventory(id))
                #expect(set.status == 200)
            }
            let again = try await send(surface, "PUT", "inventory&inventoryId=i-1000", Self.inventory("i-1000"))
            #expect(again.element("Code") == "InventoryAlreadyExist")
            let one = try await send(surface, "GET", "inventory&inventoryId=i-1000")
            #expect(one.element("Id") == "i-1000")
            let first = try ListInventoryConfigurationsResult(
                document: try await send(surface, "GET", "inventory").body)
            #expect(first.configurations.map(\.id) == Array(ids.prefix(100)))
            let token = try #require(first.nextContinuationToken)
            let second = try ListInventoryConfigurationsResult(
                document: try await send(surface, "GET", "inventory&continuation-token=\(token)").body)
            #expect(second.configurations.map(\.id) == ["i-1100"])
            #expect(second.nextContinuationToken == nil)
            for _ in 0..<2 {
                let removed = try await send(surface, "DELETE", "inventory&inventoryId=i-1000")
                #expect(removed.status == 204)
            }
            let gone = try await send(surface, "GET", "inventory&inventoryId=i-1000")
            #expect(gone.element("Code") == "NoSuchInventory")
        }
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let method: String
        let query: String
        var document: String?
        let code: String
        var testDescription: String { "\(method) \(query)" }
    }

    private static let rule = "<ReplicationConfiguration><Rule><Destination><Bucket>b-2</Bucket></Destination></Rule>"

    @Test(arguments: [
        Bad(method: "PUT", query: "inventory&inventoryId=a", document: inventory("b"), code: "InvalidArgument"),
        Bad(method: "PUT", query: "inventory&inventoryId=", document: inventory(""), code: "InvalidArgument"),
        Bad(method: "PUT", query: "inventory&inventoryId=a/b", document: inventory("a/b"), code: "InvalidArgument"),
        Bad(method: "PUT", query: "inventory&inventoryId=a", document: "<Other/>", code: "MalformedXML"),
        Bad(
            method: "PUT", query: "inventory&inventoryId=a", document: inventory("a", frequency: "Hourly"),
            code: "MalformedXML"),
        Bad(method: "GET", query: "inventory&continuation-token=x", code: "InvalidArgument"),
        Bad(
            method: "PUT", query: "style&styleName=%40%25", document: "<Style><Content>a</Content></Style>",
            code: "InvalidArgument"),
        Bad(
            method: "PUT", query: "style&styleName=s", document: "<Style><Content></Content></Style>",
            code: "InvalidArgument"),
        Bad(method: "PUT", query: "style&styleName=s", code: "MalformedXML"),
        Bad(method: "GET", query: "style&styleName=s", code: "NoSuchStyle"),
        Bad(method: "POST", query: "replication&comp=add", document: "<Other/>", code: "MalformedXML"),
        Bad(
            method: "POST", query: "replication&comp=add",
            document: rule + "<Rule><Destination><Bucket>b-3</Bucket></Destination></Rule></ReplicationConfiguration>",
            code: "MalformedXML"),
        Bad(
            method: "POST", query: "replication&comp=delete",
            document: "<ReplicationRules><ID>x</ID></ReplicationRules>", code: "NoSuchReplicationRule"),
        Bad(method: "GET", query: "replication", code: "NoSuchReplicationConfiguration"),
        Bad(method: "GET", query: "replicationProgress&rule-id=x", code: "NoSuchReplicationRule"),
        Bad(
            method: "PUT", query: "rtc",
            document: "<ReplicationRule><RTC><Status>enabled</Status></RTC><ID>x</ID></ReplicationRule>",
            code: "NoSuchReplicationRule"),
        Bad(
            method: "POST", query: "cname&comp=add",
            document: "<BucketCnameConfiguration><Cname><Domain>a.example.com</Domain></Cname>"
                + "</BucketCnameConfiguration>", code: "NeedVerifyDomainOwnership"),
        Bad(
            method: "POST", query: "cname&comp=token",
            document: "<BucketCnameConfiguration><Cname><Domain>no domain</Domain></Cname></BucketCnameConfiguration>",
            code: "InvalidArgument"),
        Bad(method: "GET", query: "cname=a.example.com&comp=token", code: "NoSuchCnameToken"),
        Bad(
            method: "POST", query: "redundancyTransition&x-oss-target-redundancy-type=LRS", code: "InvalidArgument"),
        Bad(
            method: "GET", query: "redundancyTransition&x-oss-redundancy-transition-taskid=x",
            code: "NoSuchBucketDataRedundancyTransition"),
        Bad(method: "GET", query: "worm", code: "NoSuchWORMConfiguration"),
        Bad(method: "DELETE", query: "worm", code: "NoSuchWORMConfiguration"),
        Bad(method: "POST", query: "worm", document: "<Other/>", code: "MalformedXML"),
        Bad(method: "GET", query: "policyStatus", code: "NoSuchBucketPolicy"),
    ])
    func aBadCallIsRefused(_ bad: Bad) async throws {
        try await withSurface { surface in
            let answer = try await send(surface, bad.method, bad.query, bad.document)
            #expect(answer.element("Code") == bad.code)
            surface.signAs("stranger")
            let stranger = try await send(surface, bad.method, bad.query, bad.document)
            #expect(stranger.element("Code") == "AccessDenied")
        }
    }

    @Test func aStyleKeepsTheTimeAtWhichItWasMade() async throws {
        try await withSurface { surface in
            let document = "<Style><Content>image/resize,w_100</Content></Style>"
            _ = try await send(surface, "PUT", "style&styleName=small", document)
            let first = try await send(surface, "GET", "style&styleName=small")
            surface.clock.nowMilliseconds += 60_000
            _ = try await send(surface, "PUT", "style&styleName=small", document)
            let second = try await send(surface, "GET", "style&styleName=small")
            #expect(second.element("Content") == "image/resize,w_100")
            #expect(second.element("CreateTime") == first.element("CreateTime"))
            #expect(second.element("LastModifyTime") != first.element("LastModifyTime"))
            let list = try StyleList(document: try await send(surface, "GET", "style").body)
            #expect(list.styles.map(\.name) == ["small"])
        }
    }

    @Test func replicationRulesAreKeptAndNotFollowed() async throws {
        try await withSurface { surface in
            let document = Self.rule + "</ReplicationConfiguration>"
            let added = try await send(surface, "POST", "replication&comp=add", document)
            let id = try #require(added.header("x-oss-replication-rule-id"))
            let again = try await send(surface, "POST", "replication&comp=add", document)
            #expect(again.element("Code") == "BucketReplicationAlreadyExist")
            let control = "<ReplicationRule><RTC><Status>enabled</Status></RTC><ID>\(id)</ID></ReplicationRule>"
            let controlled = try await send(surface, "PUT", "rtc", control)
            #expect(controlled.status == 200)
            let told = try ReplicationConfiguration(document: try await send(surface, "GET", "replication").body)
            #expect(told.rules.map(\.id) == [id])
            #expect(told.rules[0].action == "ALL")
            #expect(told.rules[0].status == "starting")
            #expect(told.rules[0].replicationTimeControl == .enabled)
            let progress = try await send(surface, "GET", "replicationProgress&rule-id=\(id)")
            let rule = try XMLReader.read(progress.body, root: "ReplicationProgress").child("Rule")
            #expect(rule?.child("Progress")?.text(of: "HistoricalObject") == "0")
            let info = try await send(surface, "GET", "bucketInfo")
            let bucket = try XMLReader.read(info.body).child("Bucket")
            #expect(bucket?.text(of: "CrossRegionReplication") == "Enabled")
            let removed = try await send(
                surface, "POST", "replication&comp=delete", "<ReplicationRules><ID>\(id)</ID></ReplicationRules>")
            #expect(removed.status == 200)
            let gone = try await send(surface, "GET", "replication")
            #expect(gone.element("Code") == "NoSuchReplicationConfiguration")
        }
    }

    @Test func aTokenOfADomainStaysTheSameWhileItIsGood() async throws {
        try await withSurface { surface in
            let document =
                "<BucketCnameConfiguration><Cname><Domain>A.example.com</Domain></Cname>"
                + "</BucketCnameConfiguration>"
            let first = try await send(surface, "POST", "cname&comp=token", document)
            #expect(first.element("Cname") == "a.example.com")
            let second = try await send(surface, "POST", "cname&comp=token", document)
            #expect(second.element("Token") == first.element("Token"))
            let told = try await send(surface, "GET", "cname=a.example.com&comp=token")
            #expect(told.text == first.text)
            surface.clock.nowMilliseconds += 72 * 3_600_000
            let over = try await send(surface, "GET", "cname=a.example.com&comp=token")
            #expect(over.element("Code") == "NoSuchCnameToken")
            let third = try await send(surface, "POST", "cname&comp=token", document)
            #expect(third.element("Token") != first.element("Token"))
            let list = try await send(surface, "GET", "cname")
            #expect(list.element("Bucket") == "bucket")
        }
    }

    @Test func aRedundancyTransitionWaitsUntilItIsTakenBack() async throws {
        try await withSurface { surface in
            let made = try await send(
                surface, "POST", "redundancyTransition&x-oss-target-redundancy-type=ZRS")
            let id = try #require(made.element("TaskId"))
            let told = try await send(
                surface, "GET", "redundancyTransition&x-oss-redundancy-transition-taskid=\(id)")
            #expect(told.element("Status") == "Queueing")
            for target in ["/bucket/?redundancyTransition", "/?redundancyTransition&max-keys=1"] {
                let list = try await surface.send(Call(method: "GET", target: target))
                let task = try XMLReader.read(list.body).child("BucketDataRedundancyTransition")
                #expect(task?.text(of: "TaskId") == id)
            }
            let removed = try await send(
                surface, "DELETE", "redundancyTransition&x-oss-redundancy-transition-taskid=\(id)")
            #expect(removed.status == 204)
            let list = try await send(surface, "GET", "redundancyTransition")
            #expect(try XMLReader.read(list.body).children.isEmpty)
        }
    }

    @Test func someTagsOfABucketCanBeRemoved() async throws {
        try await withSurface { surface in
            let tags = ["a", "b", "c"].map { "<Tag><Key>\($0)</Key><Value>1</Value></Tag>" }.joined()
            let set = try await send(surface, "PUT", "tagging", "<Tagging><TagSet>\(tags)</TagSet></Tagging>")
            #expect(set.status == 200)
            let some = try await send(surface, "DELETE", "tagging=a,c,other")
            #expect(some.status == 204)
            let left = try Tagging(document: try await send(surface, "GET", "tagging").body)
            #expect(left.tags == [Tag("b", "1")])
            let found = try await surface.send(Call(method: "GET", target: "/?tag-key=b&tag-value=1"))
            #expect(found.text.contains("<Name>bucket</Name>"))
            let other = try await surface.send(Call(method: "GET", target: "/?tag-key=a"))
            #expect(!other.text.contains("<Name>bucket</Name>"))
            let all = try await send(surface, "DELETE", "tagging")
            #expect(all.status == 204)
            let none = try Tagging(document: try await send(surface, "GET", "tagging").body)
            #expect(none.tags.isEmpty)
            let bad = try await send(
                surface, "PUT", "tagging",
                "<Tagging><TagSet><Tag><Key>http://a</Key><Value>1</Value></Tag></TagSet></Tagging>")
            #expect(bad.element("Code") == "InvalidTag")
        }
    }

    @Test func liveChannelsAreKeptAndStayIdle() async throws {
        try await withSurface { surface in
            let none = try await send(surface, "GET", "live")
            #expect(none.status == 200)
            #expect(none.element("IsTruncated") == "false")
            #expect(none.element("MaxKeys") == "100")
            func channel(
                _ method: String, _ target: String, _ document: String? = nil
            ) async throws -> TestSurface.Answer {
                try await surface.send(
                    Call(method: method, target: "/bucket/\(target)", body: document.map { Array($0.utf8) }))
            }
            let document =
                "<LiveChannelConfiguration><Description>d</Description><Target><Type>HLS</Type></Target>"
                + "</LiveChannelConfiguration>"
            let missing = try await channel("GET", "a?live")
            #expect(missing.element("Code") == "NoSuchLiveChannel")
            for name in ["a", "b", "c"] {
                let made = try await channel("PUT", "\(name)?live", document)
                #expect(made.status == 200)
                #expect(made.text.contains("rtmp://bucket.127.0.0.1:10724/live/\(name)<"))
                #expect(made.text.contains("http://bucket.127.0.0.1:10724/\(name)/playlist.m3u8<"))
            }
            let off = try await channel("PUT", "a?live&status=disabled")
            #expect(off.status == 200)
            let told = try await channel("GET", "a?live")
            #expect(told.element("Status") == "disabled")
            let states = [
                try await channel("GET", "a?live&comp=stat").element("Status"),
                try await channel("GET", "b?live&comp=stat").element("Status"),
            ]
            #expect(states == ["Disabled", "Idle"])
            let history = try await channel("GET", "a?live&comp=history")
            #expect(history.status == 200)
            let bad = try await channel("PUT", "a?live&status=other")
            #expect(bad.element("Code") == "InvalidArgument")
            let record = try await channel("POST", "a/list.m3u8?vod&startTime=1&endTime=2", "")
            #expect(record.element("Code") == "InvalidArgument")
            let page = try await send(surface, "GET", "live&max-keys=2")
            #expect(page.element("NextMarker") == "b")
            let rest = try await send(surface, "GET", "live&marker=b&prefix=c")
            #expect(try XMLReader.read(rest.body).all("LiveChannel").map { $0.text(of: "Name") } == ["c"])
            let stat = try await send(surface, "GET", "stat")
            #expect(stat.element("LiveChannelCount") == "3")
            let removed = try await channel("DELETE", "a?live")
            #expect(removed.status == 204)
            let twice = try await channel("DELETE", "a?live")
            #expect(twice.element("Code") == "NoSuchLiveChannel")
        }
    }

    @Test func theStatisticsAreThoseOfThisMoment() async throws {
        try await withSurface { surface in
            _ = try await surface.put("a", "12345")
            _ = try await surface.put("b", "123", [("x-oss-storage-class", "IA")])
            _ = try await surface.send(Call(method: "POST", target: "/bucket/c?uploads", body: []))
            let stat = try BucketStat(document: try await send(surface, "GET", "stat").body)
            #expect([stat.storageBytes, stat.objectCount, stat.multipartUploadCount] == [8, 2, 1])
            #expect(stat.usages["Standard"]?.storageBytes == 5)
            #expect(stat.usages["InfrequentAccess"]?.storageBytes == 3)
            #expect(stat.usages["InfrequentAccess"]?.objectCount == 1)
            #expect(stat.usages["Archive"]?.objectCount == 0)
            #expect(stat.lastModifiedUnixSeconds == Int(surface.nowUnixSeconds))
        }
    }

    @Test func theOneRegionIsTold() async throws {
        try await withSurface { surface in
            for target in ["/?regions", "/?regions=oss-cn-hangzhou"] {
                let answer = try await surface.send(Call(method: "GET", target: target))
                let region = try XMLReader.read(answer.body, root: "RegionInfoList").child("RegionInfo")
                #expect(region?.text(of: "Region") == "oss-cn-hangzhou")
                #expect(region?.text(of: "InternetEndpoint") == "127.0.0.1:10724")
            }
            let other = try await surface.send(Call(method: "GET", target: "/?regions=oss-cn-nowhere"))
            #expect(other.element("Code") == "NoSuchRegion")
        }
    }

    @Test func aPolicyForEverybodyIsToldToBePublic() async throws {
        try await withSurface { surface in
            for (principal, condition, isPublic) in [
                (#"["*"]"#, "", "true"), (#"["123"]"#, "", "false"),
                (#""*""#, #","Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8"]}}"#, "false"),
            ] {
                let policy =
                    #"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:GetObject","#
                    + #""Principal":\#(principal),"Resource":"acs:oss:*:*:bucket/*"\#(condition)}]}"#
                let set = try await send(surface, "PUT", "policy", policy)
                #expect(set.status == 200)
                let status = try await send(surface, "GET", "policyStatus")
                #expect(status.element("IsPublic") == isPublic)
            }
        }
    }

    @Test func aBucketCanBeMadeWithWhatItSays() async throws {
        try await withSurface { surface in
            let made = try await surface.send(
                Call(
                    method: "PUT", target: "/made",
                    headers: [
                        ("x-oss-bucket-tagging", "a=1"), ("x-oss-resource-group-id", "rg-1"),
                        ("x-oss-server-side-encryption", "SM4"),
                    ]))
            #expect(made.status == 200)
            let info = try BucketInfo(
                document: try await surface.send(Call(method: "GET", target: "/made?bucketInfo")).body)
            #expect(info.resourceGroupID == "rg-1")
            #expect(info.encryption?.algorithm == "SM4")
            let tags = try Tagging(document: try await surface.send(Call(method: "GET", target: "/made?tagging")).body)
            #expect(tags.tags == [Tag("a", "1")])
            let bad = try await surface.send(
                Call(method: "PUT", target: "/bad-one", headers: [("x-oss-bucket-tagging", "http://a=1")]))
            #expect(bad.element("Code") == "InvalidTag")
            let none = try await surface.send(Call(method: "GET", target: "/bad-one?tagging"))
            #expect(none.element("Code") == "NoSuchBucket")
        }
    }
}
