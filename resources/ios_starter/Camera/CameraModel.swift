@preconcurrency import AVFoundation
import LineupKit
import Observation
import UIKit

/// What the screen shows, and what its buttons do.
@MainActor
@Observable
final class CameraModel {
    private(set) var lanes: [Lane] = []
    /// A sentence where there is no picture.
    private(set) var trouble: String?
    /// Whether the user has to change it in Settings.
    private(set) var isForbidden = false
    private(set) var isFront = false
    private(set) var isHot = false
    var units = ComputeUnits.all {
        didSet { if units != oldValue { loadNetworks() } }
    }

    @ObservationIgnored private let work = Lanes()
    @ObservationIgnored private let camera: Camera
    @ObservationIgnored private let networks: [Network]
    @ObservationIgnored private weak var layer: AVCaptureVideoPreviewLayer?
    @ObservationIgnored private var coordinator: AVCaptureDevice.RotationCoordinator?
    @ObservationIgnored private var turning: NSKeyValueObservation?

    init() {
        camera = Camera(delegate: work, on: work.queue)
        do {
            networks = try Networks.inApp()
        } catch {
            networks = []
            trouble = error.localizedDescription
        }
        loadNetworks()
    }

    /// Take over what the networks say, until the screen goes away.
    func follow() async {
        for await lanes in work.changes {
            self.lanes = lanes
            isHot = ProcessInfo.processInfo.thermalState.rawValue >= ProcessInfo.ThermalState.serious.rawValue
        }
    }

    /// The layer that shows the camera's picture.
    func show(in layer: AVCaptureVideoPreviewLayer) {
        layer.session = camera.session
        layer.videoGravity = .resizeAspectFill
        self.layer = layer
    }

    func start() async {
        guard !networks.isEmpty else { return }
        isForbidden = !(await Camera.isAllowed())
        guard !isForbidden else {
            trouble = "The camera is switched off for this app."
            return
        }
        do {
            let device = try await camera.use(isFront ? .front : .back)
            trouble = nil
            keepUpright(device)
        } catch {
            trouble = error.localizedDescription
        }
    }

    func stop() {
        camera.stop()
    }

    func changeSides() async {
        isFront.toggle()
        await start()
    }

    private func loadNetworks() {
        work.load(networks, units: units)
    }

    /// However the phone is held. Which angle that is depends on the phone and on its camera; only it knows.
    private func keepUpright(_ device: AVCaptureDevice) {
        let coordinator = AVCaptureDevice.RotationCoordinator(device: device, previewLayer: layer)
        self.coordinator = coordinator
        turning = coordinator.observe(
            \.videoRotationAngleForHorizonLevelPreview, options: [.initial, .new]
        ) { [weak self] coordinator, _ in
            let angle = coordinator.videoRotationAngleForHorizonLevelPreview
            Task { @MainActor [weak self] in self?.turn(angle) }
        }
    }

    private func turn(_ angle: CGFloat) {
        layer?.connection?.turn(angle, mirrored: isFront)
        camera.turn(angle, mirrored: isFront)
    }
}
