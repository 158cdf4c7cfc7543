import CommandKit
import OSSClient
import Testing

@Suite struct UnfinishedWorkTests {
    @Test(arguments: [
        (UnfinishedWork.nothing, "what was done until then stays done"), (.takenBack, "was taken back"),
        (.kept, "goes on from here"), (.leftBehind, "was left behind"),
    ])
    func aSignalIsToldWithWhatItLeaves(_ work: UnfinishedWork, _ end: String) {
        let report = work.report
        #expect(report.kind == .cancelled)
        #expect(report.message.hasPrefix("stopped by a signal; "))
        #expect(report.message.hasSuffix(end))
    }

    @Test func theWorstCounts() {
        let sorted = UnfinishedWork.allCases.shuffled().sorted()
        #expect(sorted == [.nothing, .takenBack, .kept, .leftBehind])
    }

    @Test func onlyAFailureToTidyLeavesSomethingBehind() {
        let untidy = UntidyTransferError(cause: CancellationError(), tidyingFailure: OSSClientError.malformedAnswer)
        let left: [any Error] = [untidy, OSSClientError.file(call: "unlink", path: "x", errorNumber: 13)]
        let none: [any Error] = [
            CancellationError(), OSSClientError.file(call: "open", path: "x", errorNumber: 13),
            TransferError.objectChanged,
        ]
        let found = (left + none).map { UnfinishedWork(leftBy: $0) }
        #expect(found == [.leftBehind, .leftBehind, nil, nil, nil])
    }
}
