@preconcurrency import AVFoundation

/// The phone's cameras. Its session may be shown by a preview; all changes happen on a queue of its own, as starting a
/// session blocks.
final class Camera: @unchecked Sendable {
    let session = AVCaptureSession()
    private let queue = DispatchQueue(label: "Lineup camera")
    private let output = AVCaptureVideoDataOutput()

    /// Pictures go to the delegate, on its queue. One that comes while it is busy is dropped, so nothing lags.
    init(delegate: AVCaptureVideoDataOutputSampleBufferDelegate, on frames: DispatchQueue) {
        output.videoSettings = [kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_32BGRA]
        output.alwaysDiscardsLateVideoFrames = true
        output.setSampleBufferDelegate(delegate, queue: frames)
    }

    /// Whether the user lets us; asks the first time.
    static func isAllowed() async -> Bool {
        switch AVCaptureDevice.authorizationStatus(for: .video) {
        case .authorized: true
        case .notDetermined: await AVCaptureDevice.requestAccess(for: .video)
        default: false
        }
    }

    /// Show what the camera on this side sees, and start.
    func use(_ side: AVCaptureDevice.Position) async throws -> AVCaptureDevice {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                do {
                    let device = try configure(side)
                    if !session.isRunning { session.startRunning() }
                    continuation.resume(returning: device)
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    func stop() {
        queue.async { [self] in
            if session.isRunning { session.stopRunning() }
        }
    }

    /// Turn the pictures upright.
    func turn(_ angle: CGFloat, mirrored: Bool) {
        queue.async { [self] in
            output.connection(with: .video)?.turn(angle, mirrored: mirrored)
        }
    }

    private func configure(_ side: AVCaptureDevice.Position) throws -> AVCaptureDevice {
        guard let device = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: side) else {
            throw Trouble("There is no camera here. The simulator has none; use a phone.")
        }
        let input = try AVCaptureDeviceInput(device: device)
        session.beginConfiguration()
        defer { session.commitConfiguration() }
        session.inputs.forEach(session.removeInput)
        if session.canSetSessionPreset(.hd1280x720) { session.sessionPreset = .hd1280x720 }
        guard session.canAddInput(input) else { throw Trouble("\(device.localizedName) cannot be used now.") }
        session.addInput(input)
        if session.outputs.isEmpty {
            guard session.canAddOutput(output) else { throw Trouble("The camera gives no pictures.") }
            session.addOutput(output)
        }
        return device
    }
}

extension AVCaptureConnection {
    /// The same angle and mirror for what is shown and for what is computed, so that boxes lie where things are.
    func turn(_ angle: CGFloat, mirrored: Bool) {
        if isVideoRotationAngleSupported(angle) { videoRotationAngle = angle }
        if isVideoMirroringSupported {
            automaticallyAdjustsVideoMirroring = false
            isVideoMirrored = mirrored
        }
    }
}
