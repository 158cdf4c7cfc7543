/// What the table of operations in the documentation is made from.
extension OperationTable {
    /// Operations whose rows have a file, and upon which nothing here acts.
    private static let keptOnly: Set<String> = [
        "PutBucketInventory", "GetBucketInventory", "DeleteBucketInventory", "ListBucketInventory", "PutStyle",
        "GetStyle", "DeleteStyle", "ListStyle", "PutBucketReplication", "DeleteBucketReplication",
        "GetBucketReplication", "GetBucketReplicationLocation", "GetBucketReplicationProgress", "PutBucketRTC",
        "CreateBucketDataRedundancyTransition", "GetBucketDataRedundancyTransition",
        "DeleteBucketDataRedundancyTransition", "ListBucketDataRedundancyTransition",
        "ListUserDataRedundancyTransition",
        "ListLiveChannel", "PutLiveChannel", "PutLiveChannelStatus", "GetLiveChannelInfo", "GetLiveChannelStat",
        "GetLiveChannelHistory", "DeleteLiveChannel", "GetUserQosInfo", "DeleteBucketTags",
    ]
    /// Operations that are known and always refused.
    private static let refused: Set<String> = ["PostVodPlaylist", "GetVodPlaylist"]

    /// A line for each operation: its name, its request, and whether it is in force, kept only, or refused.
    package static var documentLines: [String] {
        let kept = keptOnly.union(
            ConfigurationTable.rows.filter { !$0.isInForce }.flatMap(\.operationRows).map(\.name))
        return rows.map { row in
            let place = row.level == .service ? "/" : row.level == .bucket ? "/bucket" : "/bucket/key"
            let query = row.selectors.isEmpty ? "" : "?" + row.selectors.joined(separator: "&")
            let header = row.selectingHeader.map { " with `\($0)`" } ?? ""
            let effect = refused.contains(row.name) ? "refused" : kept.contains(row.name) ? "kept" : "in force"
            return "| \(row.name) | `\(row.method) \(place)\(query)`\(header) | \(effect) |"
        }
    }
}
