import SessionModels

/// The endpoints that operators and load balancers ask.
///
/// Source: session-api.md 4.11. `/healthz` never touches the store.
struct OperationRoutes: Sendable {
    /// One line for each route.
    var routes: [Route] {
        [.get("/healthz", .anyone) { _ in Reply(.ok, ["status": "ok"]) }]
    }
}
