import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The HTTP/1.1 channel of both APIs: the parser with our limits, the guard, then what the server library brings.
package struct GuardedHTTP1Channel: ServerChildChannel, HTTPChannelHandler {
    package typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    package let responder: HTTPChannelHandler.Responder
    private let front: FrontDoor
    private let slots: RequestSlots
    private let placement: TaskPlacement
    private let refusalBody: @Sendable (FrontRefusal) -> FrontRefusalBody

    /// A builder for `Hummingbird.Application`.
    ///
    /// - Parameters:
    ///   - front: What all listeners have in common.
    ///   - placement: Where the requests of a connection are answered.
    ///   - refusalBody: Words a refusal in the terms of the API that is served.
    package static func builder(
        front: FrontDoor, placement: TaskPlacement = .sharedThreads,
        refusalBody: @escaping @Sendable (FrontRefusal) -> FrontRefusalBody
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            GuardedHTTP1Channel(
                responder: responder, front: front, slots: RequestSlots(limit: front.admission.limits.requests),
                placement: placement, refusalBody: refusalBody)
        }
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setReceiveBuffers(front.limits)
            let unsent = front.limits.unsentLowBytes...front.limits.unsentHighBytes
            try channel.syncOptions?.setOption(
                .writeBufferWaterMark, value: .init(low: unsent.lowerBound, high: unsent.upperBound))
            let address = ClientAddress(channel.remoteAddress)
            if front.admission.enter(address) {
                channel.closeFuture.whenComplete { [admission = front.admission] _ in admission.leave(address) }
                try addHandlers(to: channel.pipeline.syncOperations, logger: logger)
            } else {
                try channel.pipeline.syncOperations.addHandler(TurnedAway())
            }
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(
                    backPressureStrategy: .init(lowWatermark: 1, highWatermark: max(1, front.limits.receiveBuffers)),
                    isOutboundHalfClosureEnabled: true))
        }
    }

    private func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, logger: Logger) throws {
        try front.certificate?.addHandlers(to: pipeline, limits: front.limits)
        try ConnectionGuard.addHTTP(
            to: pipeline, limits: front.limits, slots: slots, unsent: front.unsent, refusalBody: refusalBody)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: front.certificate != nil))
        try pipeline.addHandler(
            HTTPConnectionStateHandler(idleTimeout: .seconds(front.limits.idleTimeoutSeconds), logger: logger))
    }

    package func handle(value asyncChannel: Value, logger: Logger) async {
        switch placement {
        case .sharedThreads:
            await handleHTTP(asyncChannel: asyncChannel, logger: logger)
        case .eventLoop:
            let executor = EventLoopTaskExecutor(asyncChannel.channel.eventLoop)
            await withTaskExecutorPreference(executor) {
                await handleHTTP(asyncChannel: asyncChannel, logger: logger)
            }
        }
    }

    /// Tells a client that waits for `100 Continue` to send its body.
    ///
    /// Called once the request is authenticated; without effect where nobody waits.
    package static func welcomeRequestBody(on channel: any Channel) {
        channel.triggerUserOutboundEvent(RequestBodyWelcome(), promise: nil)
    }
}

extension NIOSynchronousChannelOptions {
    /// Says how much is taken from a socket before anybody asks whether there is room for more.
    fileprivate func setReceiveBuffers(_ limits: FrontLimits) throws {
        let smallest = 4_096
        // A socket that delivers much gets large buffers, so that a long body comes in few pieces.
        try setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: 1_024, initial: smallest, maximum: max(smallest, limits.receiveBufferBytes)))
        // Whether there is room is asked between two of these, and a connection keeps as many buffers.
        try setOption(.maxMessagesPerRead, value: 1)
    }
}
