import CommandKit
import OSSKit
import SessionAPI

/// Compares the files on record with the objects in their bucket, and tells what does not agree.
struct ReconcileTask: Sendable {
    /// What it belongs to.
    let runner: FolderTaskRunner

    /// Compares everything.
    ///
    /// - Parameter repairs: whether what is wrong is put right.
    func run(repairs: Bool) async throws -> FolderTaskRunner.End {
        guard let reconciliation = runner.open.reconciliation() else {
            throw FailureReport(
                .unavailable, "the server is not ready, or it confirms uploads on trust", hint: "try again in a moment")
        }
        let report = try await reconciliation.compare(repairs: repairs) { try await tell($0) }
        var json = JSONLine()
        json.add("operation", "reconcile")
        json.add("objects", report.objectCount)
        json.add("files", report.fileCount)
        json.add("open", report.openCount)
        json.add("foreign", report.foreignCount)
        json.add("findings", report.findingCount)
        json.add("repaired", report.repairedCount)
        json.add("driftBytes", report.driftBytes)
        let isWell = report.findingCount == report.repairedCount
        return FolderTaskRunner.End(
            status: isWell ? 0 : ExitStatus.integrity.rawValue,
            text: "reconciled  \(report.objectCount) objects, \(report.fileCount) files, \(report.openCount) under way,"
                + " \(report.foreignCount) of others, \(report.findingCount) disagree (\(report.repairedCount) repaired),"
                + " drift \(ByteAmount.text(report.driftBytes))", json: json)
    }

    private func tell(_ finding: ReconciliationFinding) async throws {
        var json = JSONLine()
        json.add("finding", finding.kind.rawValue)
        json.add("key", finding.key.text)
        json.add("recordedBytes", finding.recordedBytes)
        json.add("storedBytes", finding.storedBytes)
        json.add("repaired", finding.isRepaired)
        let end = finding.isRepaired ? ", repaired" : ""
        try await runner.tell(
            .line(
                text: "\(finding.kind.rawValue)  \(finding.key.text): \(finding.recordedBytes) bytes on record,"
                    + " \(finding.storedBytes) in the bucket\(end)", json: json.text))
    }
}
